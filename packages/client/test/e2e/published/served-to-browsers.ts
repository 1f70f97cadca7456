import { createReadStream, existsSync } from "node:fs"
import http from "node:http"
import { join } from "node:path"

const here = import.meta.dirname
const blank = "<!doctype html><title>client</title>"

/**
 * One origin, as a browser wants it: the built package under `/client`, this folder's programs, and the API behind it.
 *
 * @returns its address and what closes it.
 */
export async function servedToBrowsers(built: string, api: string) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const file = pathname.startsWith("/client/") ? join(built, pathname.slice("/client/".length)) : join(here, pathname)
    if (pathname.startsWith("/v1/")) return passOn(api, request, response)
    if (pathname === "/") return response.writeHead(200, { "content-type": "text/html" }).end(blank)
    if (!existsSync(file)) return response.writeHead(404).end()
    createReadStream(file).pipe(response.writeHead(200, { "content-type": "text/javascript" }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function passOn(api: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, headers } = request
  const onward = http.request(`${api}${request.url}`, { ...(method && { method }), headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on("error", () => response.destroy())
  response.on("close", () => onward.destroy())
  request.pipe(onward)
}
