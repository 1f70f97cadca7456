import type { FailureCode } from "../../src/domain/delivery.ts"
import type { Sender, SendRequest, SendResult } from "../../src/ports/sender.ts"
import type { VirtualClock } from "../../src/system/virtual-clock.ts"

/** What a receiver of the simulation does with a request. */
export type Reply =
  | {
      readonly status: number
      readonly afterMs?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      /** What went wrong once the status had come. */
      readonly alsoFails?: FailureCode
    }
  | { readonly fails: FailureCode; readonly afterMs?: number }

/** A request as a receiver saw it. */
export type Arrival = {
  readonly atMs: number
  readonly url: string
  readonly eventId: string
  readonly deliveryId: string
  readonly sequence: number
  readonly attempt: number
  readonly test: boolean
  readonly body: string
  readonly headers: ReadonlyMap<string, string>
  /** Whether the receiver took it (2xx). */
  readonly taken: boolean
}

/** Receivers in virtual time, each answering by its script. */
export class ScriptedSender implements Sender {
  readonly arrivals: Arrival[] = []
  /** The most that were in flight to one URL at a time. */
  readonly inFlightMost = new Map<string, number>()
  readonly #clock: VirtualClock
  readonly #inFlight = new Map<string, number>()
  #script: (request: Arrival) => Reply

  constructor(clock: VirtualClock, script: (request: Arrival) => Reply = () => ({ status: 200 })) {
    this.#clock = clock
    this.#script = script
  }

  answer(script: (request: Arrival) => Reply): void {
    this.#script = script
  }

  arrivalsAt(url: string): Arrival[] {
    return this.arrivals.filter((arrival) => arrival.url === url)
  }

  async send(request: SendRequest): Promise<SendResult> {
    const startedMs = this.#clock.monotonic()
    const { url } = request
    const now = (this.#inFlight.get(url) ?? 0) + 1
    this.#inFlight.set(url, now)
    this.inFlightMost.set(url, Math.max(now, this.inFlightMost.get(url) ?? 0))
    const seen = arrival(request, this.#clock.now())
    const reply = this.#script(seen)
    const taken = "status" in reply && reply.status >= 200 && reply.status < 300
    this.arrivals.push({ ...seen, taken })
    await new Promise<void>((resolve) => this.#clock.after(reply.afterMs ?? 1, resolve))
    this.#inFlight.set(url, (this.#inFlight.get(url) ?? 1) - 1)
    const durationMs = this.#clock.monotonic() - startedMs
    if ("fails" in reply) return { durationMs, response: null, failure: { code: reply.fails, message: reply.fails } }
    const { status, headers = {}, body = "", alsoFails: code } = reply
    const failure = code === undefined ? null : { code, message: code }
    return { durationMs, response: { status, headers: Object.entries(headers), body }, failure }
  }

  async refusal(): Promise<string | null> {
    return null
  }

  async close(): Promise<void> {}
}

export function arrival(request: SendRequest, atMs: number): Arrival {
  const headers = new Map(request.headers.map(([name, value]) => [name.toLowerCase(), value]))
  const ending = (end: string) => [...headers].find(([name]) => name.endsWith(end))?.[1]
  return {
    atMs,
    url: request.url,
    eventId: headers.get("webhook-id") ?? "",
    deliveryId: ending("-delivery") ?? "",
    sequence: Number(ending("-sequence") ?? Number.NaN),
    attempt: Number(ending("-attempt")),
    test: ending("-test") === "true",
    body: request.body,
    headers,
    taken: false,
  }
}
