import type { DeliveryId, ReplayId, WebhookId } from "../../../src/domain/ids.ts"
import type { StoredWebhook } from "../../../src/ports/store.ts"
import type { Life } from "../process/engine-process.ts"
import type { Model, ModelDelivery, ModelWebhook } from "./model.ts"
import type { Verdicts } from "./verdicts.ts"
import type { Witness } from "./witness.ts"

/**
 * How long what could be sent may wait while nothing is wrong with its own webhook, the storage or the owner: the
 * longest pauses of the engine (a failed read 5 s, a fault 5 s, the clock looked at 10 s) with room to spare.
 */
const patienceMs = 60_000
const perWaitingMs = 250
const minuteMs = 60_000
export const lookEveryMs = 10_000

/** Since when nothing has been wrong. Times are of the virtual clock, monotonic. */
export type Calm = {
  /** With storage, processes and clocks. Infinity: something is wrong now. */
  everywhereSinceMs(): number
  /** With this webhook's receiver and settings. */
  at(webhookId: WebhookId): number
  /** The process that sends for it, when it is up. */
  ownerOf(webhookId: WebhookId): Life | null
}

type Waits = { readonly sinceMs: number; readonly attempts: number; readonly before: number }

/** What is healthy makes progress: looked at every few seconds of virtual time. */
export class Progress {
  readonly #model: Model
  readonly #witness: Witness
  readonly #verdicts: Verdicts
  readonly #calm: Calm
  readonly #replaysSinceMs = new Map<ReplayId, number>()
  readonly #sendableSinceMs = new Map<DeliveryId, Waits>()

  constructor(model: Model, witness: Witness, verdicts: Verdicts, calm: Calm) {
    this.#model = model
    this.#witness = witness
    this.#verdicts = verdicts
    this.#calm = calm
  }

  look(nowMs: number): void {
    const calmMs = this.#calm.everywhereSinceMs()
    if (calmMs > nowMs) {
      this.#sendableSinceMs.clear()
      return
    }
    const seen = new Set<DeliveryId>()
    for (const webhook of this.#model.webhooks.values()) {
      if (webhook.waiting.size === 0) continue
      const owner = this.#calm.ownerOf(webhook.id)
      if (owner === null || !isSending(webhook.record) || owner.engine === null) continue
      const sinceMs = Math.max(calmMs, this.#calm.at(webhook.id))
      if (sinceMs > nowMs) continue
      for (const row of this.#sendable(webhook, owner)) {
        seen.add(row.id)
        this.#wait(row, webhook, sinceMs, nowMs)
      }
    }
    this.#witness.hopeless.look(nowMs, calmMs, (id) => this.#model.webhooks.get(id)?.record)
    for (const id of this.#sendableSinceMs.keys()) if (!seen.has(id)) this.#sendableSinceMs.delete(id)
    for (const flight of this.#witness.unlogged(Math.max(0, nowMs - patienceMs)))
      this.#verdicts.hold(
        (flight.answeredAtMs ?? nowMs) < calmMs && nowMs - calmMs < patienceMs,
        "the log has what receivers saw",
        () => `attempt ${flight.number} of ${flight.delivery.id} was answered and is not logged`,
      )
    for (const { replay } of this.#model.replays.values()) {
      if (replay.state !== "running") this.#replaysSinceMs.delete(replay.id)
      else {
        const sinceMs = this.#replaysSinceMs.get(replay.id) ?? nowMs
        this.#replaysSinceMs.set(replay.id, sinceMs)
        const owner = this.#calm.ownerOf(replay.webhookId)
        const quietMs = Math.max(sinceMs, calmMs, this.#calm.at(replay.webhookId))
        this.#verdicts.hold(
          owner === null || nowMs - quietMs < patienceMs,
          "replays come to their end",
          () => `${replay.id} has run for ${nowMs - quietMs} ms`,
        )
      }
    }
  }

  #wait(row: ModelDelivery, webhook: ModelWebhook, calmMs: number, nowMs: number): void {
    const known = this.#sendableSinceMs.get(row.id)
    if (known === undefined || known.attempts !== row.attempts) {
      this.#sendableSinceMs.set(row.id, { sinceMs: nowMs, attempts: row.attempts, before: webhook.waiting.size })
      return
    }
    const { rateLimit } = webhook.record
    const paceMs = rateLimit === null ? perWaitingMs : perWaitingMs + (1000 * rateLimit.perSeconds) / rateLimit.requests
    // Whoever takes a webhook up knows by the minute what its limit has spent, and waits rather too long.
    const spentMs = rateLimit === null ? 0 : 1000 * rateLimit.perSeconds + minuteMs
    const patience = patienceMs + spentMs + paceMs * known.before
    this.#verdicts.hold(
      nowMs - Math.max(known.sinceMs, calmMs) < patience,
      "what is healthy makes progress",
      () =>
        `number ${row.sequence} of ${webhook.id} (${row.id}) could have been sent for ${nowMs - Math.max(known.sinceMs, calmMs)} ms, with ${known.before} waiting then`,
    )
  }

  /** What nothing but time and turns stands before: the heads of lanes, when due and nothing of theirs is in flight. */
  *#sendable(webhook: ModelWebhook, owner: Life): Iterable<ModelDelivery> {
    const registered = owner.engine?.registry.webhook(webhook.record.workspaceId, webhook.id)
    if (!registered) return
    const ordering = this.#witness.orderingOf(registered)
    const nowMs = owner.clock.now()
    const flying = new Set<string>()
    for (const { delivery } of this.#witness.inFlight(webhook.id)) {
      flying.add(delivery.id)
      // A place is taken, and there may be one only.
      if (ordering !== "by_key") return
      flying.add(delivery.laneKey)
    }
    const heads = new Map<string, ModelDelivery>()
    for (const row of webhook.waiting.values()) {
      const lane = ordering === "strict" ? "" : ordering === "by_key" ? row.laneKey : row.id
      const head = heads.get(lane)
      if (head === undefined || row.sequence < head.sequence) heads.set(lane, row)
    }
    for (const [lane, row] of heads) {
      const fresh = row.attempts === row.attemptsBefore
      if (flying.has(lane) || flying.has(row.id)) continue
      if (fresh ? !row.broughtBack || (row.dueMs ?? 0) <= nowMs : (row.dueMs ?? 0) <= nowMs) yield row
    }
  }
}

function isSending(webhook: StoredWebhook): boolean {
  return webhook.active && webhook.disabled === null && webhook.deletedMs === null
}
