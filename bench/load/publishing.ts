import { setTimeout as delay } from "node:timers/promises"
import { Connections } from "./connections.ts"
import { inParallel } from "./in-parallel.ts"
import { monotonicMs } from "./monotonic-clock.ts"

/** A workspace's key, and the nodes that take its events in turn. */
export type Target = { readonly addresses: readonly string[]; readonly key: string }

export type Answer = {
  readonly status: number
  /** When it was read, in `monotonicMs`, and how long it took. */
  readonly atMs: number
  readonly tookMs: number
  /** Only where it was asked for. */
  readonly text: string
}

/** Posts events to Tocsin's intake: the load generator. */
export class Publisher {
  readonly #nodes: readonly Connections[]
  readonly #authorization: string
  readonly #event: (number: number) => string
  readonly #keepText: boolean
  #posted = 0

  /**
   * @param connections how many requests may be under way at each node.
   * @param keepText whether answers are kept, to learn the events' ids.
   */
  constructor({ addresses, key }: Target, event: (number: number) => string, connections: number, keepText = false) {
    this.#nodes = addresses.map((address) => new Connections(address, connections))
    this.#authorization = `Bearer ${key}`
    this.#event = event
    this.#keepText = keepText
  }

  /** Posts the events `from`, `from + 1` … `from + count - 1` in one request. */
  async post(from: number, count: number): Promise<Answer> {
    const startedMs = monotonicMs()
    const node = this.#nodes[this.#posted++ % this.#nodes.length]
    if (node === undefined) throw new Error("a publisher needs a node to post to")
    const body = this.#bodyOf(from, count)
    const { head, body: text } = await node.send(
      `POST ${count === 1 ? "/v1/events" : "/v1/events/batch"} HTTP/1.1\r\nhost: tocsin\r\n` +
        `authorization: ${this.#authorization}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    const atMs = monotonicMs()
    return { status: statusOf(head), atMs, tookMs: atMs - startedMs, text: this.#keepText ? text.toString() : "" }
  }

  close(): void {
    for (const node of this.#nodes) node.close()
  }

  #bodyOf(from: number, count: number): string {
    if (count === 1) return this.#event(from)
    return `{"events":[${Array.from({ length: count }, (_, at) => this.#event(from + at)).join(",")}]}`
  }
}

/** `HTTP/1.1 202 Accepted`. */
function statusOf(head: string): number {
  return Number(head.slice(9, 12))
}

/** Requests under way while events are published as fast as they are taken: with fewer, commits go half empty. */
export function publishedAtOnce(perRequest: number): number {
  return perRequest === 1 ? 256 : 16
}

/**
 * Publishes as fast as it is taken: a closed loop.
 *
 * @throws Error when one is not accepted.
 */
export async function publishAll(
  target: Target,
  event: (number: number) => string,
  { events, perRequest, atOnce = publishedAtOnce(perRequest) }: Load,
): Promise<void> {
  const publisher = new Publisher(target, event, atOnce)
  await inParallel({ all: events, each: perRequest, atOnce }, async (from, count) => {
    const { status } = await publisher.post(from, count)
    if (status !== 202) throw new Error(`an event that should have been accepted was answered ${status}`)
  })
  publisher.close()
}

/** A publisher that takes its time: what is compared is a server with itself, and its memory is looked at too. */
export function fewBatches(events: number): Load {
  return { events, perRequest: 50, atOnce: 4 }
}

export type Load = {
  readonly events: number
  readonly perRequest: number
  /** Requests under way; `publishedAtOnce` unless given. */
  readonly atOnce?: number
}

export type Offer = {
  readonly eventsPerSecond: number
  readonly perRequest: number
  readonly seconds: number
  /** Requests under way beyond which the generator itself holds back, as a publisher with so many connections would. */
  readonly atOnceMax: number
}

export type Offered = {
  readonly answers: readonly Answer[]
  /** Events that were due while `atOnceMax` requests were under way: they were never sent. */
  readonly withheld: number
  /** Requests without an answer, by the error's code. */
  readonly failures: ReadonlyMap<string, number>
}

const tickMs = 2

/** Publishes at a fixed rate whatever the answers: an open loop, so that a slow server does not slow what it is offered. */
export async function offer(
  target: Target,
  event: (number: number) => string,
  { eventsPerSecond, perRequest, seconds, atOnceMax }: Offer,
  onAnswer: (answer: Answer) => void = () => {},
): Promise<Offered> {
  const publisher = new Publisher(target, event, atOnceMax, true)
  const answers: Answer[] = []
  const pending = new Set<Promise<void>>()
  const failures = new Map<string, number>()
  let [sent, withheld] = [0, 0]
  const startedMs = monotonicMs()
  const take = (answer: Answer) => {
    answers.push(answer)
    onAnswer(answer)
  }
  for (let passedMs = 0; passedMs < seconds * 1_000; passedMs = monotonicMs() - startedMs) {
    const due = Math.floor((passedMs / 1_000) * eventsPerSecond)
    while (sent + perRequest <= due) {
      const from = sent
      sent += perRequest
      if (pending.size >= atOnceMax) {
        withheld += perRequest
        continue
      }
      const answered = publisher.post(from, perRequest).then(take, (error: unknown) => {
        const code = error instanceof Error && "code" in error ? String(error.code) : String(error)
        failures.set(code, (failures.get(code) ?? 0) + 1)
      })
      pending.add(answered)
      answered.then(() => pending.delete(answered))
    }
    await delay(tickMs)
  }
  await Promise.all(pending)
  publisher.close()
  return { answers, withheld, failures }
}

/** The ids of the events in an answer to one event or a batch. */
export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/"id":"([^"]+)"/g)].map(([, id = ""]) => id)
}
