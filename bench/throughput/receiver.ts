/**
 * The receiver of the benchmarks, in a process of its own: reads each request whole, answers 200, and counts. Asked by
 * message, it tells how many arrived.
 */
import { createServer } from "node:http"

let arrived = 0
let last = performance.now()

const server = createServer((request, response) => {
  request.resume()
  request.on("end", () => {
    arrived++
    last = performance.now()
    response.writeHead(200, { "content-length": "2" })
    response.end("OK")
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("no address")
  process.send?.({ port: address.port })
})
process.on("message", () => process.send?.({ arrived, idleMs: performance.now() - last }))
process.on("disconnect", () => process.exit(0))
