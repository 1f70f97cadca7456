import { createServer, type Server } from "node:http"

/** What an endpoint of the dashboard's demo answers. */
export type EndpointAnswer = { readonly status: number; readonly afterMs: number; readonly body: string }

export type Endpoints = {
  /** `http://127.0.0.1:…`; an endpoint's path begins with its name below. */
  readonly origin: string
  /** What the endpoint at a URL answers to a request of that moment: the same over the network as in a past. */
  answer(url: string, atMs: number): EndpointAnswer
  close(): Promise<void>
}

/** @param agoMs how long before the demo's start, negative after it; `count`: of this endpoint's requests, from 1 */
type Temper = (agoMs: number, count: number) => EndpointAnswer

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const taken = '{"received":true}'

const tempers = {
  /** A SIEM that keeps up; one answer in a hundred takes long. */
  siem: () => ({ status: 200, afterMs: Math.random() < 0.01 ? spread(180, 240) : spread(9, 30), body: taken }),
  /** A ticketing system that stalls now and then, and was away for twenty minutes. */
  tickets: (agoMs, count) =>
    between(agoMs, 8 * hourMs, 8 * hourMs - 20 * minuteMs) || count % 23 === 11
      ? { status: 503, afterMs: spread(30, 20), body: '{"error":"upstream busy"}' }
      : { status: 201, afterMs: spread(60, 240), body: '{"ticket":"SEC-1042"}' },
  /** One whose deployment went wrong 40 minutes ago; its error page must be shown as text. */
  archive: (agoMs) =>
    agoMs > 40 * minuteMs
      ? { status: 200, afterMs: spread(40, 90), body: '{"archived":true}' }
      : {
          status: 500,
          afterMs: spread(12, 10),
          body: '<!doctype html><html><body onload="alert(1)"><h1>500</h1><script>alert("database is down")</script></body></html>',
        },
  /** One that still verifies with the secret of before the change three hours ago. */
  identity: (agoMs) =>
    agoMs > 3 * hourMs
      ? { status: 204, afterMs: spread(15, 25), body: "" }
      : { status: 401, afterMs: spread(4, 5), body: '{"error":"invalid signature"}' },
  /** A service that was taken down for good six hours ago. */
  pager: (agoMs) =>
    agoMs > 6 * hourMs
      ? { status: 200, afterMs: spread(25, 60), body: "paged" }
      : { status: 410, afterMs: spread(4, 4), body: "" },
} satisfies Readonly<Record<string, Temper>>

export type TemperName = keyof typeof tempers

function spread(fromMs: number, widthMs: number): number {
  // Squared: most are quick, few are slow, as latencies are.
  return Math.round(fromMs + Math.random() ** 2 * widthMs)
}

function between(agoMs: number, fromAgoMs: number, toAgoMs: number): boolean {
  return agoMs <= fromAgoMs && agoMs > toAgoMs
}

/** @param startMs the demo's present: what goes wrong goes wrong so long before it. */
export async function openEndpoints(startMs: number): Promise<Endpoints> {
  const counts = new Map<string, number>()
  const answer = (url: string, atMs: number): EndpointAnswer => {
    const path = new URL(url, "http://endpoint").pathname
    const count = (counts.get(path) ?? 0) + 1
    counts.set(path, count)
    const temper: Temper = Object.entries(tempers).find(([name]) => path.startsWith(`/${name}/`))?.[1] ?? tempers.siem
    return temper(startMs - atMs, count)
  }
  const server: Server = createServer((request, response) => {
    const { status, afterMs, body } = answer(request.url ?? "", Date.now())
    request.resume().on("end", () => {
      setTimeout(() => response.writeHead(status, { "content-type": typeOf(body) }).end(body), afterMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the demo's endpoints do not listen on TCP")
  return {
    origin: `http://127.0.0.1:${address.port}`,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function typeOf(body: string): string {
  return body.startsWith("<") ? "text/html" : "application/json"
}
