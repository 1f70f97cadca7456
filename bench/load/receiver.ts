import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { CleaningUp } from "./cleaning-up.ts"
import { type Behaviour, Counts, Done, Hello, type Question, Stamps } from "./receiver-messages.ts"

export type Scheme = "http" | "https"

/** The process that all deliveries of a run go to. */
export type Receiver = {
  /**
   * A URL under which arrivals are counted as `path`.
   * @param origin each number is an origin of its own, as different customers' endpoints are: 0 to 65,535.
   */
  url(scheme: Scheme, path: string, origin?: number): string
  /** One that refuses connections. */
  refusingUrl(origin?: number): string
  /** Whole requests so far under a path. */
  arrived(path: string): Promise<number>
  /** How requests under a path are answered from now on; "ok" by default. */
  behave(path: string, behaviour: Behaviour): Promise<void>
  /** Begins to note when each event arrives. */
  stamp(): Promise<void>
  /** Ends that. @returns the first arrival of each event by its id, in `monotonicMs`. */
  stamps(): Promise<ReadonlyMap<string, number>>
}

/** All of 127.0.0.0/8 is loopback. */
function addressOf(origin: number | undefined): string {
  return origin === undefined ? "127.0.0.1" : `127.1.${origin >> 8}.${origin & 0xff}`
}

export async function startReceiver(cleaning: CleaningUp): Promise<Receiver> {
  const child = fork(fileURLToPath(new URL("./receiver-process.ts", import.meta.url)))
  cleaning.later(() => {
    if (child.connected) child.disconnect()
  })
  const [hello] = await once(child, "message")
  const ports = Hello.Parse(hello)
  // One question at a time: answers carry no number.
  let asked: Promise<unknown> = Promise.resolve()
  const ask = (question: Question): Promise<unknown> => {
    const answer = asked.then(async () => {
      child.send(question)
      const [message] = await once(child, "message")
      return message
    })
    asked = answer
    return answer
  }
  return {
    url: (scheme, path, origin) =>
      `${scheme}://${addressOf(origin)}:${scheme === "http" ? ports.httpPort : ports.httpsPort}/${path}/hook`,
    refusingUrl: (origin) => `http://${addressOf(origin)}:${ports.refusedPort}/refused`,
    arrived: async (path) => Counts.Parse(await ask({ ask: "counts" }))[path] ?? 0,
    behave: async (path, behaviour) => {
      Done.Parse(await ask({ ask: "behave", path, behaviour }))
    },
    stamp: async () => {
      Done.Parse(await ask({ ask: "stamp" }))
    },
    stamps: async () => {
      const first = new Map<string, number>()
      for (const [id, atMs] of Stamps.Parse(await ask({ ask: "stamps" }))) if (!first.has(id)) first.set(id, atMs)
      return first
    },
  }
}
