import type { Next, WaitingDelivery } from "../domain/delivery.ts"
import type { WebhookId, WorkspaceId } from "../domain/ids.ts"
import { afterFailure, expiredWhileHeld, retryPolicy, retryWindowMs } from "../domain/retrying.ts"
import { traceContextIn } from "../domain/trace-context.ts"
import { isSending, type Webhook } from "../domain/webhook.ts"
import { type Clock, pause } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Metrics } from "../ports/metrics.ts"
import { type Ownership, ownsAll } from "../ports/ownership.ts"
import type { Poster } from "../ports/poster.ts"
import type { Random } from "../ports/random.ts"
import { socketsPerOriginMax } from "../ports/sender.ts"
import { type Store, StoreUnavailable } from "../ports/store.ts"
import type { Tracing } from "../ports/tracing.ts"
import type { Registry } from "../registry/registry.ts"
import { Alarms } from "./alarms.ts"
import { type DisablingParts, disableIfHopeless } from "./disabling.ts"
import { Room } from "./lanes/lanes.ts"
import { Origins } from "./origins.ts"
import { Reading } from "./reading.ts"
import { type SettledListener, type SettlingParts, settle } from "./settling.ts"
import { Slots } from "./slots.ts"
import { Turns } from "./turns.ts"
import { untilStored } from "./until-stored.ts"
import { WebhookQueue } from "./webhook-queue.ts"

export type DispatchLimits = {
  /** Attempts in flight that have not turned out slow, and all of them. */
  readonly quickMax: number
  readonly inFlightMax: number
  /** Of those, to one origin. */
  readonly perOriginMax: number
  /** Bytes of bodies that all lanes together buffer, about. */
  readonly bufferedBytesMax: number
}

export const defaultDispatchLimits: DispatchLimits = {
  quickMax: 1_300,
  inFlightMax: 8_000,
  perOriginMax: socketsPerOriginMax,
  bufferedBytesMax: 64 * 1024 * 1024,
}

export type DispatcherParts = {
  readonly store: Pick<
    Store,
    "settle" | "waiting" | "nextDue" | "attemptsByMinute" | "backlogs" | "cancelWaiting" | "health"
  >
  readonly poster: Pick<Poster, "post">
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly tracing: Tracing | null
  readonly disable: DisablingParts["disable"]
  readonly brings: SettlingParts["brings"]
  readonly onBrought: SettlingParts["onBrought"]
  readonly onSettled: SettledListener
  readonly onFault: OnFault
  readonly limits?: DispatchLimits
  /** Which webhooks are this node's to send for; all of them when left out. */
  readonly ownership?: Ownership
}

/** When a delivery is to be tried again; null: it is over. "unknown": it is no longer this node's to say. */
type Became = number | null | "unknown"

/** How soon places are looked at again when all are taken: some may have turned out slow. */
const slotsPauseMs = 250
/** After the end of the window, a last attempt that was due just before it may still start. */
const windowGraceMs = 60_000
const cancelStep = 500
/**
 * Answered, their outcome not durable yet: beyond that nothing is sent until the store has caught up. Receivers answer
 * faster than a disk syncs, and each outcome holds headers and bodies of both sides.
 */
const answeredMax = 1_000
/** After a fault of ours, so that a delivery that trips it does not spin. */
const faultPauseMs = 5_000

/**
 * Sends what waits: one queue per webhook with something to do, each with its lanes; ready ones take turns. Whatever
 * is in memory here can be lost at any moment: the store has it all.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #slots: Slots
  readonly #origins: Origins
  readonly #room: Room
  readonly #ownership: Ownership
  readonly #queues = new Map<WebhookId, WebhookQueue>()
  /** Queues of webhooks that have left this node while attempts were out; `left` when the last is settled. */
  readonly #leaving = new Map<WebhookId, { readonly queue: WebhookQueue; readonly left: PromiseWithResolvers<void> }>()
  readonly #ready = new Turns()
  readonly #alarms: Alarms<WebhookQueue>
  readonly #reading: Reading
  #waitsForSlots = false
  #stopping = false
  /** Attempts begun whose outcome is not durable yet. */
  #unsettled = 0
  #onIdle: (() => void) | null = null

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    const limits = parts.limits ?? defaultDispatchLimits
    this.#slots = new Slots(limits.quickMax, limits.inFlightMax)
    this.#origins = new Origins(limits.perOriginMax)
    this.#room = new Room(limits.bufferedBytesMax)
    this.#ownership = parts.ownership ?? ownsAll
    const { clock, store, onFault } = parts
    const look = (queue: WebhookQueue) => this.#look(queue)
    const pump = () => this.#pump()
    const lookAtAll = () => {
      for (const queue of this.#queues.values()) this.#look(queue)
    }
    this.#alarms = new Alarms({ clock, onAlarm: look, onSetBack: lookAtAll, onRung: pump })
    this.#reading = new Reading({ clock, store, look, onLooked: pump, onFault })
    parts.registry.onWebhook((after, before) => this.#reconfigure(after, before))
    this.#ownership.onGained(() => void this.#takeUp())
    this.#ownership.onLost(() => this.#leave())
  }

  /** Takes up whatever was left waiting; what the store cannot tell now (its disk is full), as soon as it can. */
  async start(): Promise<void> {
    try {
      await this.#wakeAll()
    } catch (fault) {
      if (!(fault instanceof StoreUnavailable)) throw fault
      this.#parts.onFault(fault, "taking up what waits")
      void this.#takeUp()
    }
  }

  async #wakeAll(): Promise<void> {
    for (const { workspaceId, webhookId } of await this.#parts.store.backlogs())
      if (this.#ownership.owns(webhookId)) this.wake(workspaceId, webhookId)
  }

  /** Deliveries that have just become durable, in the order of their commits. */
  push(deliveries: readonly WaitingDelivery[]): void {
    /** Those of them that were deleted while their deliveries were being stored. */
    const deleted = new Map<WebhookId, WorkspaceId>()
    for (const delivery of deliveries) {
      const { workspaceId, webhookId } = delivery
      const queue = this.#queueOf(workspaceId, webhookId)
      if (!queue && !this.#parts.registry.webhook(workspaceId, webhookId)) deleted.set(webhookId, workspaceId)
      if (!queue?.sending) continue
      queue.push(delivery)
      this.#look(queue)
    }
    for (const [webhookId, workspaceId] of deleted) this.#cancelledAsDeleted(workspaceId, webhookId)
    this.#pump()
  }

  /**
   * New deliveries of the webhook may be in the store that were not pushed here.
   * @param lastSequence of the last of them; null: unknown.
   */
  missed(workspaceId: WorkspaceId, webhookId: WebhookId, lastSequence: number | null = null): void {
    if (this.#cancelledAsDeleted(workspaceId, webhookId)) return
    const queue = this.#queueOf(workspaceId, webhookId)
    if (!queue || (lastSequence !== null && queue.accountsFor(lastSequence))) return
    queue.lanes.missed()
    this.#look(queue)
    this.#pump()
  }

  /** Something about the webhook's deliveries changed in the store: a retry was asked for. */
  wake(workspaceId: WorkspaceId, webhookId: WebhookId): void {
    if (this.#cancelledAsDeleted(workspaceId, webhookId)) return
    const queue = this.#queueOf(workspaceId, webhookId)
    if (!queue) return
    queue.lanes.wake()
    this.#look(queue)
    this.#pump()
  }

  /**
   * What was stored for a deleted webhook, say by a node that had not heard of that yet, is cancelled. One that is not
   * known was deleted, unless it is so new that this node has not heard of it: the store can tell.
   */
  #cancelledAsDeleted(workspaceId: WorkspaceId, webhookId: WebhookId): boolean {
    if (this.#parts.registry.webhook(workspaceId, webhookId)) return false
    if (this.#ownership.owns(webhookId)) void this.#cancelAll({ workspaceId, id: webhookId })
    return true
  }

  inFlight(): number {
    return this.#slots.inFlight()
  }

  /** The webhooks with attempts whose outcome is not durable yet. */
  *unsettled(): Iterable<WebhookId> {
    for (const { webhookId, unsettled } of this.#queues.values()) if (unsettled > 0) yield webhookId
    yield* this.#leaving.keys()
  }

  /** Starts nothing more; resolves when what is in flight has been settled. The caller bounds the wait. */
  stop(): Promise<void> {
    this.#stopping = true
    this.#alarms.stop()
    this.#ready.clear()
    if (this.#unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Webhooks came to this node: what waits for them may have been stored, and attempted, elsewhere. */
  async #takeUp(): Promise<void> {
    const { onFault } = this.#parts
    await untilStored(this.#parts, "taking up what waits", async () => {
      if (!this.#stopping) await this.#wakeAll()
    }).catch((fault: unknown) => onFault(fault, "taking up what waits"))
  }

  /** Webhooks left this node. Resolves when what is in flight for them is settled. */
  async #leave(): Promise<void> {
    for (const queue of [...this.#queues.values()]) if (!this.#ownership.owns(queue.webhookId)) this.#dropQueue(queue)
    // Those among them that had left before, while this node was not sure of its shards.
    const leaving = [...this.#leaving.values()].filter(({ queue }) => !this.#ownership.owns(queue.webhookId))
    await Promise.all(leaving.map(({ left }) => left.promise))
  }

  #dropQueue(queue: WebhookQueue): void {
    queue.sending = false
    queue.lanes.drop()
    this.#ready.delete(queue)
    this.#queues.delete(queue.webhookId)
    if (queue.unsettled > 0) this.#leaving.set(queue.webhookId, { queue, left: Promise.withResolvers() })
  }

  #queueOf(workspaceId: WorkspaceId, webhookId: WebhookId): WebhookQueue | null {
    if (!this.#ownership.owns(webhookId)) return null
    const known = this.#queues.get(webhookId)
    if (known) return known
    const { registry } = this.#parts
    const webhook = registry.webhook(workspaceId, webhookId)
    if (!webhook) return null
    const [ordering, sending] = [this.#ordering(webhook), isSending(webhook)]
    const returning = this.#returning(webhookId)
    returning?.reconfigure(webhook, ordering, sending)
    const queue = returning ?? new WebhookQueue(webhook, ordering, sending, this.#room, this.#parts.clock)
    this.#queues.set(webhookId, queue)
    return queue
  }

  /**
   * The queue of a webhook that comes back while attempts from before are still out: it knows them. Another would read
   * their deliveries as if nobody was sending them.
   */
  #returning(webhookId: WebhookId): WebhookQueue | null {
    const leaving = this.#leaving.get(webhookId)
    if (!leaving) return null
    this.#leaving.delete(webhookId)
    leaving.left.resolve()
    leaving.queue.wasElsewhere()
    return leaving.queue
  }

  #ordering(webhook: Webhook) {
    return webhook.ordering ?? this.#parts.registry.profile(webhook.workspaceId).ordering
  }

  #reconfigure(webhook: Webhook, before: Webhook | null): void {
    if (webhook.deletedMs !== null) {
      this.#queues.get(webhook.id)?.reconfigure(webhook, "none", false)
      this.#queues.delete(webhook.id)
      if (before?.deletedMs === null && this.#ownership.owns(webhook.id)) void this.#cancelAll(webhook)
      return
    }
    const sending = isSending(webhook)
    // One not known until now may come from another node, with deliveries that could not be taken up before.
    const resumes = sending && (before === null || !isSending(before))
    const queue = this.#queues.get(webhook.id)
    queue?.reconfigure(webhook, this.#ordering(webhook), sending)
    if (resumes) this.wake(webhook.workspaceId, webhook.id)
    else if (queue) {
      this.#look(queue)
      this.#pump()
    }
  }

  /** Starts the reads a queue needs, and files it under ready or under the time at which it will be. */
  #look(queue: WebhookQueue): void {
    if (this.#stopping || !queue.sending) return
    const nowMs = this.#parts.clock.now()
    this.#reading.start(queue, nowMs)
    if (queue.canStart(nowMs)) {
      this.#ready.add(queue)
      return
    }
    const atMs = queue.wakeAtMs(nowMs)
    // Not later than now: it waits for a read, a flight or its turn, not for time.
    if (atMs > nowMs && atMs < queue.alarmAtMs) this.#alarms.set(queue, atMs)
  }

  #pump(): void {
    if (this.#stopping) return
    let kept: Set<WorkspaceId> | null = null
    for (let queue = this.#ready.next(); queue !== null; queue = this.#ready.next()) {
      // The next outcome that becomes durable goes on here.
      if (this.#unsettled - this.#slots.inFlight() >= answeredMax) return
      const admission = this.#slots.admission(this.#parts.clock.monotonic(), queue.silent, queue.workspaceId)
      if (admission !== "free") this.#waitForSlots()
      if (admission === "full") return
      this.#ready.pass(queue)
      if (admission === "kept") {
        // The others' turns come, until there is nobody else.
        kept ??= new Set()
        if (kept.add(queue.workspaceId).size >= this.#ready.workspaces) return
        continue
      }
      this.#ready.delete(queue)
      if (!this.#ownership.owns(queue.webhookId)) {
        this.#dropQueue(queue)
        continue
      }
      const nowMs = this.#parts.clock.now()
      if (!queue.canStart(nowMs)) {
        this.#look(queue)
        continue
      }
      if (!this.#origins.hasFree(queue.origin)) {
        this.#origins.wait(queue)
        continue
      }
      const delivery = queue.take(nowMs)
      if (delivery) void this.#fly(queue, delivery)
      this.#look(queue)
    }
  }

  /** Places free themselves when an attempt ends; but also when one turns out slow, which nothing announces. */
  #waitForSlots(): void {
    if (this.#waitsForSlots) return
    this.#waitsForSlots = true
    this.#parts.clock.after(slotsPauseMs, () => {
      this.#waitsForSlots = false
      this.#pump()
    })
  }

  async #fly(queue: WebhookQueue, delivery: WaitingDelivery): Promise<void> {
    this.#slots.start(delivery, this.#parts.clock.monotonic(), queue.silent)
    this.#origins.start(delivery, queue.origin)
    this.#unsettled++
    let became: Became = "unknown"
    try {
      became = await this.#attempt(queue, delivery)
    } catch (fault) {
      this.#parts.onFault(fault, `delivering ${delivery.id}`)
      this.#answered(queue, delivery)
      await pause(this.#parts.clock, faultPauseMs)
    }
    this.#answered(queue, delivery)
    this.#unsettled--
    queue.landed(delivery, became === "unknown" ? null : became)
    // Only the store knows: everything is read from there anew.
    if (became === "unknown") queue.lanes.drop()
    if (queue.unsettled === 0) {
      const leaving = this.#leaving.get(queue.webhookId)
      if (leaving?.queue === queue) {
        this.#leaving.delete(queue.webhookId)
        leaving.left.resolve()
      }
    }
    this.#look(queue)
    this.#pump()
    if (this.#stopping && this.#unsettled === 0) this.#onIdle?.()
  }

  /**
   * The receiver is free for another while this outcome becomes durable; a lane that keeps an order waits for that
   * by itself.
   */
  #answered(queue: WebhookQueue, delivery: WaitingDelivery): void {
    this.#slots.end(delivery)
    queue.answered(delivery)
    const waiting = this.#origins.end(delivery)
    for (const next of waiting ?? []) {
      waiting?.delete(next)
      this.#look(next)
      if (this.#ready.has(next)) break
    }
    this.#look(queue)
    this.#pump()
  }

  async #attempt(queue: WebhookQueue, delivery: WaitingDelivery): Promise<Became> {
    const { registry, poster, clock, metrics, tracing } = this.#parts
    const webhook = registry.webhookOrTombstone(delivery.workspaceId, delivery.webhookId)
    if (!webhook) return "unknown"
    if (expiredWhileHeld(delivery.windowFromMs, webhook.resumedAtMs, clock.now())) {
      queue.unspent()
      return (await settle(this.#parts, delivery, webhook, { attempt: null, next: { state: "expired" } }))
        ? null
        : "unknown"
    }
    const tried = delivery.attempts > delivery.attemptsBefore
    if (tried && clock.now() > delivery.windowFromMs + retryWindowMs + windowGraceMs) {
      queue.unspent()
      const next = { state: "exhausted", because: "window" } as const
      return (await settle(this.#parts, delivery, webhook, { attempt: null, next })) ? null : "unknown"
    }
    const span = tracing?.attempting(delivery, webhook.url)
    const { attempt, verdict } = await poster.post(webhook, registry.profile(delivery.workspaceId).name, {
      eventId: delivery.eventId,
      eventType: delivery.eventType,
      deliveryId: delivery.id,
      attempt: delivery.attempts + 1,
      sequence: delivery.sequence,
      body: delivery.body,
      trace: span?.trace ?? (delivery.trace === null ? null : traceContextIn(delivery.trace)),
      test: false,
    })
    this.#answered(queue, delivery)
    const next: Next = verdict.delivered
      ? { state: "delivered" }
      : this.#afterFailure(delivery, webhook, verdict.failure)
    span?.ended(attempt, next)
    metrics.attempted(verdict.delivered ? "delivered" : verdict.error.code, attempt.durationMs)
    if (verdict.delivered) {
      metrics.delivered(clock.now() - delivery.windowFromMs)
      queue.succeeded()
    } else queue.failed(verdict.failure.code === "timeout")
    const ours = await settle(this.#parts, delivery, webhook, { attempt, next })
    if (ours && !verdict.delivered) await disableIfHopeless(this.#parts, queue, webhook, verdict.failure.code)
    if (!ours) return "unknown"
    return next.state === "waiting" ? next.dueMs : null
  }

  #afterFailure(delivery: WaitingDelivery, webhook: Webhook, failed: Parameters<typeof afterFailure>[2]): Next {
    const made = delivery.attempts + 1 - delivery.attemptsBefore
    const { clock, random, registry } = this.#parts
    const { url } = registry.webhook(delivery.workspaceId, delivery.webhookId) ?? webhook
    // That the old place is gone says nothing of the one that it has been given meanwhile.
    const failure = failed.code === "gone" && url !== webhook.url ? { ...failed, code: "non_2xx" as const } : failed
    const decision = afterFailure(
      retryPolicy(webhook.retryConfig),
      made,
      failure,
      delivery.windowFromMs,
      clock.now(),
      random.fraction(),
    )
    return decision.do === "retry"
      ? { state: "waiting", dueMs: decision.dueMs }
      : { state: "exhausted", because: decision.because }
  }

  async #cancelAll({ workspaceId, id }: Pick<Webhook, "workspaceId" | "id">): Promise<void> {
    const { store, clock, onFault, metrics } = this.#parts
    const step = async () => (this.#stopping ? 0 : store.cancelWaiting(workspaceId, id, clock.now(), cancelStep))
    try {
      for (let cancelled = cancelStep; cancelled === cancelStep; ) {
        cancelled = await untilStored(this.#parts, `cancelling deliveries of ${id}`, step)
        metrics.ended("cancelled", cancelled)
      }
    } catch (fault) {
      onFault(fault, `cancelling deliveries of ${id}`)
    }
  }
}
