import { once } from "node:events"
import { createServer } from "node:http"
import express, { type Express } from "express"
import { onTestFinished } from "vitest"

/** One delivery as an Express app got it, and what the app answered. */
export type Delivered = {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly status: number
}

export type DocumentedReceiver = {
  readonly origin: string
  /** In the order of the answers. */
  readonly delivered: readonly Delivered[]
  arrived(count: number): Promise<readonly Delivered[]>
}

/** Runs an Express app on loopback until the test is over. @param add puts the receiver's own code into the app. */
export async function runReceiver(add: (app: Express, framework: typeof express) => void): Promise<DocumentedReceiver> {
  const delivered: Delivered[] = []
  const waiting = new Set<() => void>()
  const app = express()
  // Looks on only: the receiver's code reads the request's body itself.
  app.use((request, response, next) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    response.on("finish", () => {
      const body = Buffer.concat(chunks).toString("utf8")
      delivered.push({ headers: request.headers, body, status: response.statusCode })
      for (const wake of waiting) wake()
    })
    next()
  })
  add(app, express)
  const server = createServer(app).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    origin: `http://127.0.0.1:${address.port}`,
    delivered,
    arrived(count) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${delivered.length} of ${count} came`)), 10_000)
        const check = () => {
          if (delivered.length < count) return
          clearTimeout(timer)
          waiting.delete(check)
          resolve([...delivered])
        }
        waiting.add(check)
        check()
      })
    },
  }
}
