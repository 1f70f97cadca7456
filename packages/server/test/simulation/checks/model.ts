import type { StoredState } from "../../../src/domain/delivery.ts"
import type { DeliveryId, EventId, ReplayId, WebhookId } from "../../../src/domain/ids.ts"
import type { Replay } from "../../../src/domain/replay.ts"
import type { StoredWebhook } from "../../../src/ports/store.ts"
import type { Fact, StoredAttempt } from "../disks/fact.ts"
import type { Verdicts } from "./verdicts.ts"
import { wants } from "./wants.ts"

/** What has to be stored of a delivery. */
export type ModelDelivery = {
  readonly id: DeliveryId
  readonly webhookId: WebhookId
  readonly eventId: EventId
  readonly sequence: number
  readonly laneKey: string
  readonly replayId: ReplayId | null
  state: StoredState
  because: string | null
  attempts: number
  attemptsBefore: number
  windowFromMs: number
  dueMs: number | null
  /** A person asked for it again, and it has not been tried since: until then it may come behind later ones. */
  broughtBack: boolean
  readonly log: StoredAttempt[]
}

export type ModelEvent = {
  readonly id: EventId
  readonly type: string
  readonly acceptedMs: number
  readonly body: string
  readonly deliveries: ModelDelivery[]
}

export type ModelWebhook = {
  readonly id: WebhookId
  record: StoredWebhook
  lastSequence: number
  readonly waiting: Map<number, ModelDelivery>
  /** Taken from `waiting` as cancelled, which the store was not asked for yet. */
  yetToCancel: number
}

export type ModelReplay = {
  replay: Replay
  /** What it has to deliver: known when it was asked for. */
  readonly owed: ReadonlySet<EventId>
  readonly enqueued: Set<EventId>
  /** Of the webhook's last delivery when it was asked for. */
  readonly fromSequence: number
}

/**
 * What the storage must hold, worked out anew from what became durable, in the simplest way there is: the storage and
 * the engine are held against it.
 */
export class Model {
  readonly webhooks = new Map<WebhookId, ModelWebhook>()
  readonly events = new Map<EventId, ModelEvent>()
  readonly deliveries = new Map<DeliveryId, ModelDelivery>()
  readonly replays = new Map<ReplayId, ModelReplay>()
  readonly #eventsByKey = new Map<string, EventId>()
  readonly #verdicts: Verdicts

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  waiting(): number {
    let all = 0
    for (const { waiting } of this.webhooks.values()) all += waiting.size
    return all
  }

  apply(fact: Fact): void {
    switch (fact.verb) {
      case "accept":
        return this.#accept(fact)
      case "settle":
        return this.#settle(fact)
      case "reopen":
        return this.#reopen(fact)
      case "cancelWaiting":
        return this.#cancel(fact)
      case "configure":
        if (fact.answer === "done")
          for (const change of fact.changes) if (change.kind === "webhook") this.#configure(change.put)
        return
      case "enqueue":
        return this.#enqueue(fact)
      case "putReplay":
        return this.#putReplay(fact.replay)
      case "forget":
        return
    }
  }

  #accept({ events, answer }: Extract<Fact, { verb: "accept" }>): void {
    if (answer.outcome === "conflict") return
    for (const [index, event] of events.entries()) {
      const stored = answer.events[index]
      if (!stored) return this.#verdicts.broken("what is accepted is stored whole", "an event has no answer")
      const first = event.key === null ? undefined : this.#eventsByKey.get(event.key)
      if (stored.duplicate || first !== undefined) {
        this.#verdicts.hold(
          stored.duplicate && stored.id === first,
          "an idempotency key is taken once",
          () => `key ${event.key} of ${first ?? "nothing"} was taken for ${stored.id}, duplicate: ${stored.duplicate}`,
        )
        continue
      }
      if (event.key !== null) this.#eventsByKey.set(event.key, event.id)
      const { id, type, acceptedMs, body } = event
      const row: ModelEvent = { id, type, acceptedMs, body, deliveries: [] }
      this.events.set(event.id, row)
      for (const [at, delivery] of event.deliveries.entries())
        this.#add(row, { ...delivery, replayId: null }, stored.sequences[at], event.acceptedMs)
    }
  }

  #add(
    event: ModelEvent,
    delivery: Pick<ModelDelivery, "id" | "webhookId" | "laneKey" | "replayId">,
    sequence: number | undefined,
    nowMs: number,
  ): void {
    const webhook = this.webhooks.get(delivery.webhookId)
    if (!webhook) return this.#verdicts.broken("deliveries go to webhooks that exist", delivery.webhookId)
    webhook.lastSequence += 1
    this.#verdicts.hold(
      sequence === webhook.lastSequence,
      "sequences rise by one",
      () => `${delivery.id} got ${sequence} where ${webhook.lastSequence} was next`,
    )
    const row: ModelDelivery = {
      ...delivery,
      eventId: event.id,
      sequence: webhook.lastSequence,
      state: "waiting",
      because: null,
      attempts: 0,
      attemptsBefore: 0,
      windowFromMs: nowMs,
      dueMs: nowMs,
      broughtBack: false,
      log: [],
    }
    event.deliveries.push(row)
    this.deliveries.set(row.id, row)
    webhook.waiting.set(row.sequence, row)
  }

  #settle({ deliveryId, next, attempt, windowFromMs }: Extract<Fact, { verb: "settle" }>): void {
    const row = this.deliveries.get(deliveryId)
    if (!row || (windowFromMs !== null && windowFromMs !== row.windowFromMs)) return
    if (attempt !== null) {
      if (row.log.some(({ number, atMs }) => number === attempt.number && atMs === attempt.atMs)) return
      row.log.push(attempt)
      row.attempts = Math.max(row.attempts, attempt.number)
      row.broughtBack = false
    }
    if (row.state !== "waiting" && (next.state !== "delivered" || row.state === "delivered")) return
    row.state = next.state
    row.dueMs = next.state === "waiting" ? next.dueMs : null
    row.because = next.state === "exhausted" ? next.because : null
    if (next.state !== "waiting") this.webhooks.get(row.webhookId)?.waiting.delete(row.sequence)
  }

  #reopen({ id, nowMs, webhookId }: Extract<Fact, { verb: "reopen" }>): void {
    const row = this.deliveries.get(id)
    if (!row || webhookId === null) return
    if (row.state !== "waiting") {
      row.windowFromMs = nowMs
      row.attemptsBefore = row.attempts
    }
    row.broughtBack = true
    row.state = "waiting"
    row.because = null
    row.dueMs = nowMs
    this.webhooks.get(row.webhookId)?.waiting.set(row.sequence, row)
  }

  #cancel({ webhookId, cancelled, limit }: Extract<Fact, { verb: "cancelWaiting" }>): void {
    const webhook = this.webhooks.get(webhookId)
    if (!webhook) return
    // Asked for by a node that had not heard of it.
    if (webhook.record.deletedMs === null)
      return this.#verdicts.hold(
        cancelled === 0,
        "nothing is cancelled of a webhook that is there",
        () => `${cancelled} for ${webhookId}`,
      )
    const { waiting } = webhook
    const left = waiting.size + webhook.yetToCancel
    this.#verdicts.hold(
      cancelled === Math.min(limit, left),
      "what waits for a deleted webhook is cancelled",
      () => `${cancelled} of ${left} for ${webhookId}`,
    )
    // Some hundred at a time, which of them first is the store's to choose.
    webhook.yetToCancel = left - cancelled
    for (const row of waiting.values()) {
      row.state = "cancelled"
      row.dueMs = null
    }
    waiting.clear()
  }

  #configure(record: StoredWebhook): void {
    const known = this.webhooks.get(record.id)
    if (known) known.record = record
    else this.webhooks.set(record.id, { id: record.id, record, lastSequence: 0, waiting: new Map(), yetToCancel: 0 })
  }

  #putReplay(replay: Replay): void {
    const known = this.replays.get(replay.id)
    if (known) {
      known.replay = replay
      return
    }
    const webhook = this.webhooks.get(replay.webhookId)
    const owed = new Set<EventId>()
    for (const event of this.events.values()) {
      if (event.acceptedMs < replay.fromMs || event.acceptedMs >= replay.toMs) continue
      if (!webhook || !wants(webhook.record, event.type, event.body)) continue
      const before = event.deliveries.filter(({ webhookId }) => webhookId === replay.webhookId)
      if (before.some(({ state }) => state === "waiting")) continue
      if (replay.onlyMissing && before.some(({ state }) => state === "delivered")) continue
      owed.add(event.id)
    }
    this.replays.set(replay.id, { replay, owed, enqueued: new Set(), fromSequence: webhook?.lastSequence ?? 0 })
  }

  #enqueue({ enqueue, sequences }: Extract<Fact, { verb: "enqueue" }>): void {
    const known = this.replays.get(enqueue.replay.id)
    if (sequences === null || !known) return
    known.replay = enqueue.replay
    for (const [index, { id, eventId, laneKey }] of enqueue.deliveries.entries()) {
      const event = this.events.get(eventId)
      if (!event) return this.#verdicts.broken("a replay repeats what was accepted", eventId)
      this.#verdicts.hold(
        !known.enqueued.has(eventId),
        "a replay repeats nothing twice",
        () => `${enqueue.replay.id} takes ${eventId} again`,
      )
      known.enqueued.add(eventId)
      const { webhookId, nowMs } = enqueue
      this.#add(event, { id, webhookId, laneKey, replayId: enqueue.replay.id }, sequences[index], nowMs)
    }
    if (enqueue.replay.state !== "completed") return
    const left = [...known.owed].filter((id) => !known.enqueued.has(id))
    this.#verdicts.hold(
      left.every((id) => this.#standsElsewhere(id, enqueue.webhookId, known.fromSequence)),
      "a replay leaves nothing out",
      () => `${enqueue.replay.id} ended without ${left.join(", ")}`,
    )
  }

  /** It has come on its way, or was delivered, by other means while the replay ran. */
  #standsElsewhere(id: EventId, webhookId: WebhookId, fromSequence: number): boolean {
    const mine = this.events.get(id)?.deliveries.filter((row) => row.webhookId === webhookId) ?? []
    return mine.some(
      (row) => row.broughtBack || row.state === "waiting" || row.attemptsBefore > 0 || row.sequence > fromSequence,
    )
  }
}
