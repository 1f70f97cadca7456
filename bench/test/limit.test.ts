import { once } from "node:events"
import { createServer } from "node:http"
import { expect, it } from "vitest"
import { measureLimit } from "../compare/limit.ts"

it("the limit opens and warms its connections before it counts", async () => {
  const openedAtPost: number[] = []
  let posts = 0
  const server = createServer((request, response) => {
    posts++
    request.resume().on("end", () => response.end("OK"))
  })
  server.on("connection", () => openedAtPost.push(posts))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("the receiver has no port")
  try {
    const rate = await measureLimit(`http://127.0.0.1:${address.port}/limit/hook`, (number) => `{"n":${number}}`, 500)
    expect(rate).toBeGreaterThan(0)
    const uncounted = posts - 500
    expect(uncounted).toBeGreaterThanOrEqual(300)
    expect(openedAtPost).toHaveLength(64)
    expect(Math.max(...openedAtPost)).toBeLessThan(uncounted)
  } finally {
    server.close()
  }
})
