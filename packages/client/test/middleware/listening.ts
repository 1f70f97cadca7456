import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import { onTestFinished } from "vitest"

/** @returns the origin of a server on loopback that ends with the test. */
export async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return `http://127.0.0.1:${address.port}`
}
