import { createHmac } from "node:crypto"
import type { WaitingDelivery } from "../../../src/domain/delivery.ts"
import type { DeliveryId, WebhookId } from "../../../src/domain/ids.ts"
import type { Ordering, Webhook } from "../../../src/domain/webhook.ts"
import type { SendRequest, SendResult } from "../../../src/ports/sender.ts"
import type { Settlement, StoredWebhook } from "../../../src/ports/store.ts"
import type { Cluster } from "../cluster.ts"
import type { Fact } from "../disks/fact.ts"
import type { Life } from "../process/engine-process.ts"
import type { Asked } from "../receivers.ts"
import type { Arrival } from "../scripted-sender.ts"
import type { Trace } from "../trace.ts"
import { Hopeless } from "./hopeless.ts"
import type { Model, ModelDelivery } from "./model.ts"
import { Rates } from "./rates.ts"
import { objection, windowGraceMs, windowMs } from "./retry-rules.ts"
import { StoredSettings } from "./stored-settings.ts"
import type { Verdicts } from "./verdicts.ts"

/** A request from its start to its place in the log. */
export type Flight = {
  readonly life: Life
  readonly delivery: ModelDelivery
  readonly number: number
  /** As the engine had it when the request began. */
  readonly webhook: Webhook
  readonly startedAtMs: number
  /** By the machine's own clock, as the log has it. */
  readonly atMs: number
  /** Of its process's ownership: what began before it was lost may be sent again beside it. */
  readonly tenure: number
  asked: Asked
  /** Null until the process has its answer. */
  result: SendResult | null
  answeredAtMs: number | null
  /** It need not be logged: its settlement was refused or broke. */
  excused: boolean
  /** The same attempt went on with another request. */
  superseded: boolean
  /** Its process is dead. */
  orphaned: boolean
}

/** Sees all that crosses between engine, storage and receivers, and holds each to what is promised. */
export class Witness {
  readonly #model: Model
  readonly #verdicts: Verdicts
  readonly #trace: Trace
  readonly #cluster: Cluster | null
  readonly #nowMs: () => number
  readonly #rates: Rates
  readonly #settings: StoredSettings
  readonly hopeless: Hopeless
  /** Begun and not in the log. */
  readonly #flights = new Map<DeliveryId, Flight[]>()
  /** Settlements that are durable, by their moments: a node that stood still is told of its own when others have followed. */
  readonly #settled = new Map<DeliveryId, Set<number>>()
  readonly orderingOf: (webhook: Webhook) => Ordering

  constructor(parts: {
    readonly model: Model
    readonly verdicts: Verdicts
    readonly trace: Trace
    readonly cluster: Cluster | null
    readonly nowMs: () => number
    /** Since when nothing has been wrong; Infinity: something is. */
    readonly calmSinceMs: () => number
    readonly defaultOrdering: Ordering
  }) {
    this.#model = parts.model
    this.#verdicts = parts.verdicts
    this.#trace = parts.trace
    this.#cluster = parts.cluster
    this.#nowMs = parts.nowMs
    this.#rates = new Rates(parts.verdicts)
    this.#settings = new StoredSettings(parts.verdicts, parts.nowMs, parts.calmSinceMs)
    this.hopeless = new Hopeless(parts.verdicts, parts.cluster, parts.nowMs)
    this.orderingOf = (webhook) => webhook.ordering ?? parts.defaultOrdering
  }

  /** Begun, not answered, and their process lives. */
  *inFlight(webhookId: WebhookId): Iterable<Flight> {
    for (const flights of this.#flights.values())
      for (const flight of flights)
        if (flight.delivery.webhookId === webhookId && flight.result === null && !flight.orphaned) yield flight
  }

  /** Answered long ago, not excused and still not logged. */
  *unlogged(answeredBeforeMs: number): Iterable<Flight> {
    for (const flights of this.#flights.values())
      for (const flight of flights)
        if (
          flight.answeredAtMs !== null &&
          flight.answeredAtMs < answeredBeforeMs &&
          !flight.excused &&
          !flight.superseded &&
          !flight.orphaned
        )
          yield flight
  }

  // ---------------------------------------------------------------- requests

  /** A request begins. */
  arrived(life: Life, request: SendRequest, seen: Arrival): Flight | null {
    const id = seen.deliveryId as DeliveryId
    this.#trace.note(`${life.name} sends ${id} (number ${seen.sequence}, attempt ${seen.attempt}) to ${seen.url}`)
    const row = this.#model.deliveries.get(id)
    if (!row) {
      this.#verdicts.broken("nothing is sent before it is durable", `${id} is sent and not stored`)
      return null
    }
    const again = this.#begunAgain(life, row, seen)
    // One attempt keeps to the settings that it began with.
    const webhook = again?.webhook ?? life.engine?.registry.webhook(this.#workspaceOf(row), row.webhookId)
    if (!webhook) {
      this.#verdicts.broken("nothing is sent for a deleted webhook", `${id} is sent for ${row.webhookId}`)
      return null
    }
    if (!again) {
      this.#settings.hold(webhook)
      this.#mayBeSent(life, row, webhook)
      this.#isInOrder(life, row, webhook)
    }
    // What another node has recorded since the attempt began is not in its second request.
    const attempts = again ? again.number - 1 : row.attempts
    this.#saysWhatIsStored(life, { ...row, attempts }, webhook, request, seen)
    const flight: Flight = {
      life,
      delivery: row,
      number: seen.attempt,
      webhook,
      startedAtMs: this.#nowMs(),
      atMs: life.clock.now(),
      tenure: this.#tenure(row),
      asked: null,
      result: null,
      answeredAtMs: null,
      excused: false,
      superseded: false,
      orphaned: false,
    }
    if (!again) this.#rates.began(flight)
    this.#flights.set(id, [
      ...(this.#flights.get(id) ?? []).filter(({ superseded, orphaned }) => !superseded && !orphaned),
      flight,
    ])
    return flight
  }

  /** While a secret is being changed, a 401 or 403 is answered at once with the old one (api.md): one attempt, two requests. */
  #begunAgain(life: Life, row: ModelDelivery, seen: Arrival): Flight | null {
    const before = this.#flights.get(row.id)?.find((flight) => {
      const status = flight.result?.response?.status
      return (
        flight.life === life &&
        flight.number === seen.attempt &&
        // At once: an earlier one was another attempt, of which the settlement broke.
        flight.answeredAtMs === this.#nowMs() &&
        (status === 401 || status === 403) &&
        !flight.superseded
      )
    })
    if (!before || before.webhook.secrets.previous === null) return null
    before.superseded = true
    return before
  }

  #mayBeSent(life: Life, row: ModelDelivery, webhook: Webhook): void {
    const verdicts = this.#verdicts
    const nowMs = life.clock.now()
    const cancelledElsewhere = row.state === "cancelled" && life.member !== null
    verdicts.hold(
      row.state === "waiting" || cancelledElsewhere,
      "what has ended is not sent again",
      () => `${row.id} is ${row.state}, durably`,
    )
    verdicts.hold(
      webhook.active && webhook.disabled === null && webhook.deletedMs === null,
      "nothing is sent for a webhook that is paused or disabled",
      () => `${row.id} is sent for ${webhook.id}`,
    )
    verdicts.hold(
      life.member === null || this.#cluster?.holder(row.webhookId) === life.member,
      "only the owner sends",
      () => `${life.name} does not own ${row.webhookId}`,
    )
    verdicts.hold(
      // By a clock that was ahead it may be said to have begun in times that are yet to come.
      row.windowFromMs + windowMs > Math.min(webhook.resumedAtMs, life.clock.now()),
      "what expired while it was held is not sent",
      () => `${row.id}, of ${row.windowFromMs}; ${webhook.id} began to send again at ${webhook.resumedAtMs}`,
    )
    if (row.attempts === row.attemptsBefore) return
    verdicts.hold(
      // It may have been taken as due before the clock was set back; or asked for now, by a clock that is ahead of this one.
      row.dueMs !== null && (row.dueMs <= Math.max(nowMs, life.node.machine.highestMs) || row.broughtBack),
      "no retry before its time",
      () => `${row.id} is due in ${(row.dueMs ?? nowMs) - nowMs} ms`,
    )
    verdicts.hold(
      nowMs <= row.windowFromMs + windowMs + windowGraceMs,
      "no retry after the window",
      () => `${row.id}, ${nowMs - row.windowFromMs} ms after its window began`,
    )
  }

  #isInOrder(life: Life, row: ModelDelivery, webhook: Webhook): void {
    const ordering = this.orderingOf(webhook)
    const busy = [...(this.#flights.get(row.id) ?? [])].find(
      (flight) => flight.result === null && !flight.orphaned && this.#mustHaveEnded(flight, life),
    )
    this.#verdicts.hold(busy === undefined, "a delivery is in flight once at a time", () => row.id)
    if (ordering === "none") return
    const same = (other: ModelDelivery) => ordering === "strict" || other.laneKey === row.laneKey
    for (const flight of this.inFlight(row.webhookId))
      if (this.#mustHaveEnded(flight, life) && same(flight.delivery))
        this.#verdicts.broken(
          "one in flight per lane",
          `${row.id} is sent while ${flight.delivery.id} is under way (${ordering}, key ${row.laneKey})`,
        )
    for (const other of this.#model.webhooks.get(row.webhookId)?.waiting.values() ?? [])
      this.#verdicts.hold(
        other.sequence >= row.sequence || !same(other) || other.broughtBack || row.broughtBack,
        "the order of acceptance",
        () => `number ${row.sequence} of ${row.webhookId} is sent while ${other.sequence} waits (${ordering})`,
      )
  }

  #hasMoved(life: Life, { webhook, delivery }: Flight): boolean {
    const now = life.engine?.registry.webhook(this.#workspaceOf(delivery), delivery.webhookId)
    return now !== undefined && now.url !== webhook.url
  }

  /** Before `life` may send the next: unless its owner lost it, or could not wait. */
  #mustHaveEnded({ life, tenure, delivery }: Flight, next: Life): boolean {
    if (life === next && tenure === this.#tenure(delivery)) return true
    return this.#cluster?.wasHandedOver(delivery.webhookId, tenure) === true
  }

  #tenure({ webhookId }: ModelDelivery): number {
    return this.#cluster?.tenure(webhookId) ?? 0
  }

  #saysWhatIsStored(life: Life, row: ModelDelivery, webhook: Webhook, request: SendRequest, seen: Arrival): void {
    const event = this.#model.events.get(row.eventId)
    const wrong: string[] = []
    if (request.body !== event?.body) wrong.push("body")
    if (seen.eventId !== row.eventId) wrong.push("event id")
    if (seen.sequence !== row.sequence) wrong.push("sequence")
    if (seen.attempt !== row.attempts + 1) wrong.push(`attempt ${seen.attempt} after ${row.attempts}`)
    if (request.url !== webhook.url) wrong.push("url")
    const timestamp = Math.floor(life.clock.now() / 1000)
    if (seen.headers.get("webhook-timestamp") !== String(timestamp)) wrong.push("timestamp")
    const { current, previous } = webhook.secrets
    const live = previous !== null && life.clock.now() < previous.untilMs ? [current, previous.secret] : [current]
    const signed = `${seen.eventId}.${timestamp}.${request.body}`
    const expected = live.map((secret) => `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`)
    if (seen.headers.get("webhook-signature") !== expected.join(" ")) wrong.push("signature")
    this.#verdicts.hold(
      wrong.length === 0,
      "a request says what is stored",
      () => `${row.id} is sent with another ${wrong.join(", ")}`,
    )
  }

  /** The process hears what came of a request. */
  answered(flight: Flight, result: SendResult): void {
    flight.result = result
    flight.answeredAtMs = this.#nowMs()
    const said = result.failure === null ? `${result.response?.status}` : result.failure.code
    this.#trace.note(`${flight.life.name} hears ${said} for ${flight.delivery.id}`)
  }

  // ---------------------------------------------------------------- the storage

  /** Something has become durable. */
  committed(life: Life, fact: Fact): void {
    // Retention looks every minute, of which most find nothing.
    if (fact.verb !== "forget") this.#trace.note(`${life.name} commits ${said(fact)}`)
    if (fact.verb === "settle") this.#settles(life, fact)
    if (fact.verb === "configure" && fact.answer === "done")
      for (const change of fact.changes) if (change.kind === "webhook") this.#configures(change.put)
    this.#model.apply(fact)
  }

  #settles(life: Life, fact: Extract<Fact, { verb: "settle" }>): void {
    const row = this.#model.deliveries.get(fact.deliveryId)
    if (!row) return this.#verdicts.broken("only what is stored is settled", fact.deliveryId)
    const settled = this.#settled.get(row.id)
    if (settled) settled.add(fact.atMs)
    else this.#settled.set(row.id, new Set([fact.atMs]))
    if (fact.attempt === null) return this.#endsUntried(life, row, fact)
    const { number, atMs, statusCode, errorCode } = fact.attempt
    const repeated = life.answersLost && row.log.some((one) => one.number === number && one.atMs === atMs)
    const flights = this.#flights.get(row.id) ?? []
    // The last: one whose settlement broke may have begun at the same time, before the clock was set back.
    const flight = flights.findLast(
      (one) => one.life === life && one.number === number && one.atMs === atMs && one.result,
    )
    if (!flight?.result) {
      this.#verdicts.hold(repeated, "the log has only what receivers saw", () => `attempt ${number} of ${row.id}`)
      return
    }
    const { response, failure } = flight.result
    const status = response?.status ?? null
    const taken = failure === null && status !== null && status >= 200 && status < 300
    this.#verdicts.hold(
      statusCode === status && (errorCode === null) === taken,
      "the log has what receivers saw",
      () => `attempt ${number} of ${row.id}: ${status} ${failure?.code ?? ""}, logged ${statusCode} ${errorCode}`,
    )
    if (failure !== null)
      this.#verdicts.hold(
        errorCode === (status === 410 ? "gone" : failure.code),
        "the log has what receivers saw",
        () => row.id,
      )
    this.#verdicts.hold(
      (fact.next.state === "delivered") === taken,
      "delivered means taken",
      () => `${row.id} is ${fact.next.state} after ${status} ${failure?.code ?? ""}`,
    )
    // Of the place that the webhook has left meanwhile, 410 may say nothing more: the engine learns of it at its own time.
    if (!taken && !(status === 410 && this.#hasMoved(life, flight))) {
      const found = objection(
        {
          status: failure === null || status === 410 ? status : null,
          made: number - row.attemptsBefore,
          config: flight.webhook.retryConfig,
          windowFromMs: row.windowFromMs,
          nowMs: fact.atMs,
          asked: flight.asked,
        },
        fact.next,
      )
      // Brought back while it was under way: it has another budget than the one it was sent with.
      this.#verdicts.hold(found === null || row.broughtBack, "attempts within the policy", () => `${row.id}: ${found}`)
    }
    this.hopeless.logged(life, flight.webhook, fact.attempt, fact.atMs, flight.answeredAtMs ?? this.#nowMs())
    this.#rates.logged(flight)
    this.#forget(flight)
  }

  #configures(put: StoredWebhook): void {
    const before = this.#model.webhooks.get(put.id)
    if (before) this.hopeless.configured(before.record, put)
    this.#settings.configured(put)
  }

  #endsUntried(life: Life, row: ModelDelivery, fact: Extract<Fact, { verb: "settle" }>): void {
    const { next, atMs } = fact
    // Not what was decided before a person asked for it again: that is no longer heeded.
    if (row.state !== "waiting" || fact.windowFromMs !== row.windowFromMs) return
    const end = row.windowFromMs + windowMs
    const webhook = life.engine?.registry.webhookOrTombstone(this.#workspaceOf(row), row.webhookId)
    const expired = next.state === "expired" && end <= Math.min(webhook?.resumedAtMs ?? 0, atMs)
    const tried = row.attempts > row.attemptsBefore
    const late = next.state === "exhausted" && next.because === "window" && tried && atMs > end + windowGraceMs
    this.#verdicts.hold(
      expired || late,
      "each delivery gets its attempt",
      () => `${row.id} ended as ${next.state} without one, ${atMs - row.windowFromMs} ms after its window began`,
    )
  }

  #forget(flight: Flight): void {
    const left = (this.#flights.get(flight.delivery.id) ?? []).filter((one) => one !== flight && !one.superseded)
    if (left.length > 0) this.#flights.set(flight.delivery.id, left)
    else this.#flights.delete(flight.delivery.id)
  }

  /** The stream and the dashboard are told of an outcome. */
  toldOfSettled({ id }: WaitingDelivery, { atMs }: Settlement): void {
    this.#verdicts.hold(
      this.#settled.get(id)?.has(atMs) === true,
      "nobody is told of an outcome before it is durable",
      () => `${id} at ${atMs}`,
    )
  }

  // ---------------------------------------------------------------- processes

  /** The settlement of a delivery was refused or made to break. */
  excuse(life: Life, deliveryId: string): void {
    for (const flight of this.#flights.get(deliveryId as DeliveryId) ?? [])
      if (flight.life === life) flight.excused = true
  }

  /** What it had asked for may still become durable; what it has not, never will. */
  died(life: Life): void {
    for (const flights of this.#flights.values())
      for (const flight of flights) if (flight.life === life) flight.orphaned = true
  }

  #workspaceOf(row: ModelDelivery): Webhook["workspaceId"] {
    const webhook = this.#model.webhooks.get(row.webhookId)
    if (!webhook) throw new Error(`the model knows no webhook ${row.webhookId}`)
    return webhook.record.workspaceId
  }
}

function said(fact: Fact): string {
  switch (fact.verb) {
    case "accept":
      return `accept ${fact.events.map(({ id }) => id).join(" ")}: ${fact.answer.outcome}`
    case "settle":
      return `settle ${fact.deliveryId}, attempt ${fact.attempt?.number ?? "none"}: ${JSON.stringify(fact.next)}`
    case "reopen":
      return `reopen ${fact.id}`
    case "cancelWaiting":
      return `cancelWaiting ${fact.webhookId}: ${fact.cancelled}`
    case "configure":
      return `configure ${fact.changes.map((change) => change.kind).join(" ")}: ${fact.answer}`
    case "enqueue":
      return `enqueue ${fact.enqueue.replay.id}: ${fact.sequences?.length ?? "refused"}, ${fact.enqueue.replay.state}`
    case "putReplay":
      return `putReplay ${fact.replay.id}: ${fact.replay.state}`
    case "forget":
      return "forget"
  }
}
