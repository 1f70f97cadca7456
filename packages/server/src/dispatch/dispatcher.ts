import TinyQueue from "tinyqueue"
import type { Next, WaitingDelivery } from "../domain/delivery.ts"
import type { NewEvent } from "../domain/event.ts"
import type { WebhookId, WorkspaceId } from "../domain/ids.ts"
import { afterFailure, disabledBy, expiredWhileHeld, retryPolicy, retryWindowMs } from "../domain/retrying.ts"
import { traceContextIn } from "../domain/trace-context.ts"
import { type DisabledReason, isSending, type Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { Metrics } from "../ports/metrics.ts"
import { type Ownership, ownsAll } from "../ports/ownership.ts"
import type { Poster } from "../ports/poster.ts"
import type { Random } from "../ports/random.ts"
import { type Settlement, type Store, StoreUnavailable } from "../ports/store.ts"
import type { Tracing } from "../ports/tracing.ts"
import type { Registry } from "../registry/registry.ts"
import { Room } from "./lanes/lanes.ts"
import { Origins } from "./origins.ts"
import { Slots } from "./slots.ts"
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
  quickMax: 1_000,
  inFlightMax: 8_000,
  // Four for each connection that an origin is given.
  perOriginMax: 512,
  bufferedBytesMax: 64 * 1024 * 1024,
}

/** An attempt, or an end without one, once it is durable. For the stream and the dashboard. */
export type SettledListener = (delivery: WaitingDelivery, settlement: Settlement) => void

export type DispatcherParts = {
  readonly store: Pick<Store, "settle" | "waiting" | "nextDue" | "backlogs" | "cancelWaiting" | "health">
  readonly poster: Pick<Poster, "post">
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly tracing: Tracing | null
  /** Disables the webhook durably, with an audit entry of the engine's; "conflict" when it has just been changed. */
  readonly disable: (webhook: Webhook, reason: DisabledReason) => Promise<"done" | "conflict">
  /** The event that a settlement brings about, if any: it is accepted in the same commit. */
  readonly brings: (
    delivery: WaitingDelivery,
    webhook: Webhook,
    settlement: Pick<Settlement, "next" | "attempt" | "atMs">,
  ) => NewEvent | null
  /** Told once it is. */
  readonly onBrought: (workspaceId: WorkspaceId, event: NewEvent) => void
  readonly onSettled: SettledListener
  /** Told of what should not happen: the dispatcher goes on. */
  readonly onFault: (fault: unknown, what: string) => void
  readonly limits?: DispatchLimits
  /** Which webhooks are this node's to send for; all of them when left out. */
  readonly ownership?: Ownership
}

/** When a delivery is to be tried again; null: it is over. "unknown": it is no longer this node's to say. */
type Became = number | null | "unknown"

const readsMaxPerWebhook = 4
/** Of all webhooks: what reads bring is not in the room yet while they are under way. */
const readsMax = 16
/** How soon places are looked at again when all are taken: some may have turned out slow. */
const slotsPauseMs = 250
/** After the end of the window, a last attempt that was due just before it may still start. */
const windowGraceMs = 60_000
const cancelStep = 500
const alarmsSweptAt = 1_000
const storeRetryFirstMs = 100
const storeRetryMaxMs = 5_000
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
  /** Insertion order gives each webhook its turn. */
  readonly #ready = new Set<WebhookQueue>()
  readonly #alarms = new TinyQueue<{ atMs: number; queue: WebhookQueue }>([], (a, b) => a.atMs - b.atMs)
  #cancelTimer: (() => void) | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #timerSetMs = 0
  /** The wall clock was set back while a timer ran: alarms from before stand at times that were taken back. */
  #setBack = false
  #reads = 0
  /** Found no place among the reads. */
  readonly #mayRead = new Set<WebhookQueue>()
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
    parts.registry.onWebhook((after, before) => this.#reconfigure(after, before))
    this.#ownership.onGained(() => void this.#takeUp())
    this.#ownership.onLost(() => this.#leave())
  }

  /** Takes up whatever was left waiting. */
  async start(): Promise<void> {
    for (const { workspaceId, webhookId } of await this.#parts.store.backlogs())
      if (this.#ownership.owns(webhookId)) this.wake(workspaceId, webhookId)
  }

  /** Deliveries that have just become durable, in the order of their commits. */
  push(deliveries: readonly WaitingDelivery[]): void {
    for (const delivery of deliveries) {
      const queue = this.#queueOf(delivery.workspaceId, delivery.webhookId)
      if (!queue?.sending) continue
      queue.push(delivery)
      this.#look(queue)
    }
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

  /** What was stored for a deleted webhook, say by a node that had not heard of that yet, is cancelled. */
  #cancelledAsDeleted(workspaceId: WorkspaceId, webhookId: WebhookId): boolean {
    const webhook = this.#parts.registry.webhookOrTombstone(workspaceId, webhookId)
    if (webhook?.deletedMs == null) return false
    if (this.#ownership.owns(webhookId)) this.#cancelAll(webhook)
    return true
  }

  inFlight(): number {
    return this.#slots.inFlight()
  }

  /** Starts nothing more; resolves when what is in flight has been settled. The caller bounds the wait. */
  stop(): Promise<void> {
    this.#stopping = true
    this.#cancelTimer?.()
    this.#ready.clear()
    if (this.#unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Webhooks came to this node: what waits for them may have been stored, and attempted, elsewhere. */
  async #takeUp(): Promise<void> {
    while (!this.#stopping) {
      try {
        return await this.start()
      } catch (fault) {
        if (!(fault instanceof StoreUnavailable)) return this.#parts.onFault(fault, "taking up what waits")
        await this.#pause(storeRetryFirstMs)
      }
    }
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
    const { registry, clock } = this.#parts
    const webhook = registry.webhook(workspaceId, webhookId)
    if (!webhook) return null
    const [ordering, sending] = [this.#ordering(webhook), isSending(webhook)]
    const returning = this.#returning(webhookId)
    returning?.reconfigure(webhook, ordering, sending, clock.now())
    const queue = returning ?? new WebhookQueue(webhook, ordering, sending, this.#room, clock.now())
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
    // Whoever had it meanwhile may have had a success.
    leaving.queue.failingSinceMs = "unknown"
    return leaving.queue
  }

  #ordering(webhook: Webhook) {
    return webhook.ordering ?? this.#parts.registry.profile(webhook.workspaceId).ordering
  }

  #reconfigure(webhook: Webhook, before: Webhook | null): void {
    if (webhook.deletedMs !== null) {
      this.#queues.get(webhook.id)?.reconfigure(webhook, "none", false, this.#parts.clock.now())
      this.#queues.delete(webhook.id)
      if (before?.deletedMs === null && this.#ownership.owns(webhook.id)) this.#cancelAll(webhook)
      return
    }
    const sending = isSending(webhook)
    // One not known until now may come from another node, with deliveries that could not be taken up before.
    const resumes = sending && (before === null || !isSending(before))
    const queue = this.#queues.get(webhook.id)
    queue?.reconfigure(webhook, this.#ordering(webhook), sending, this.#parts.clock.now())
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
    while (queue.readsUnderWay < readsMaxPerWebhook && this.#reads < readsMax && this.#startRead(queue, nowMs)) {}
    if (this.#reads >= readsMax) this.#mayRead.add(queue)
    if (queue.canStart(nowMs)) {
      this.#ready.add(queue)
      return
    }
    const atMs = queue.wakeAtMs(nowMs)
    // Not later than now: it waits for a read, a flight or its turn, not for time.
    if (atMs > nowMs && atMs < queue.alarmAtMs) this.#setAlarm(queue, atMs)
  }

  #startRead(queue: WebhookQueue, nowMs: number): boolean {
    const { lanes } = queue
    const wanted = lanes.startRead(nowMs)
    if (wanted === null) return false
    const { read, limit } = wanted
    queue.readsUnderWay++
    this.#reads++
    const { store } = this.#parts
    const { workspaceId, webhookId } = queue
    const run = async () => {
      try {
        const rows = await store.waiting({ workspaceId, webhookId, limit, ...read })
        queue.saw(rows)
        const all = rows.length < limit
        const nextDueMs = read.read === "retries" && all ? await store.nextDue(workspaceId, webhookId, read.byMs) : null
        // Lanes that were replaced meanwhile (a change of ordering) have no use for it.
        if (queue.lanes === lanes) lanes.filled(read, { rows, all, nextDueMs }, this.#parts.clock.now())
      } catch (fault) {
        lanes.unread(read)
        if (!(fault instanceof StoreUnavailable)) this.#parts.onFault(fault, "reading waiting deliveries")
        await this.#pause(storeRetryMaxMs)
      } finally {
        queue.readsUnderWay--
        this.#reads--
        this.#look(queue)
        for (const next of this.#mayRead) {
          if (this.#reads >= readsMax) break
          this.#mayRead.delete(next)
          this.#look(next)
        }
        this.#pump()
      }
    }
    void run()
    return true
  }

  #pump(): void {
    if (this.#stopping) return
    for (const queue of this.#ready) {
      // The next outcome that becomes durable goes on here.
      if (this.#unsettled - this.#slots.inFlight() >= answeredMax) return
      if (!this.#slots.hasFree(this.#parts.clock.monotonic(), queue.silent)) return this.#waitForSlots()
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
      await this.#pause(faultPauseMs)
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
    if (expiredWhileHeld(delivery.windowFromMs, webhook.resumedAtMs)) {
      queue.unspent()
      return (await this.#settle(delivery, webhook, { attempt: null, next: { state: "expired" } })) ? null : "unknown"
    }
    const tried = delivery.attempts > delivery.attemptsBefore
    if (tried && clock.now() > delivery.windowFromMs + retryWindowMs + windowGraceMs) {
      queue.unspent()
      const next = { state: "exhausted", because: "window" } as const
      return (await this.#settle(delivery, webhook, { attempt: null, next })) ? null : "unknown"
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
    const ours = await this.#settle(delivery, webhook, { attempt, next })
    if (ours && !verdict.delivered) await this.#disableIfHopeless(queue, webhook, verdict.failure.code)
    if (!ours) return "unknown"
    return next.state === "waiting" ? next.dueMs : null
  }

  #afterFailure(delivery: WaitingDelivery, webhook: Webhook, failure: Parameters<typeof afterFailure>[2]): Next {
    const made = delivery.attempts + 1 - delivery.attemptsBefore
    const { clock, random } = this.#parts
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

  /** Stays until the store has it: an attempt that was made must not go unrecorded because the store was away. */
  async #settle(
    delivery: WaitingDelivery,
    webhook: Webhook,
    what: Pick<Settlement, "attempt" | "next">,
  ): Promise<boolean> {
    const { workspaceId, webhookId, id: deliveryId } = delivery
    const ended = { workspaceId, webhookId, deliveryId, atMs: this.#parts.clock.now(), ...what }
    const brings = what.next.state === "exhausted" ? this.#parts.brings(delivery, webhook, ended) : null
    const settlement: Settlement = brings === null ? ended : { ...ended, brings }
    for (let pauseMs = storeRetryFirstMs; ; pauseMs = Math.min(pauseMs * 2, storeRetryMaxMs)) {
      try {
        const ours = await this.#parts.store.settle(settlement)
        if (ours) {
          if (what.next.state !== "waiting") this.#parts.metrics.ended(what.next.state, 1)
          this.#parts.onSettled(delivery, settlement)
          if (brings !== null) this.#parts.onBrought(workspaceId, brings)
        }
        return ours
      } catch (fault) {
        if (!(fault instanceof StoreUnavailable)) throw fault
        await this.#pause(pauseMs)
      }
    }
  }

  async #disableIfHopeless(queue: WebhookQueue, webhook: Webhook, code: Parameters<typeof disabledBy>[0]) {
    const { store, clock, disable, registry } = this.#parts
    if (queue.failingSinceMs === "unknown") {
      const health = await store.health(webhook.workspaceId, [webhook.id])
      queue.failingSinceMs = health.get(webhook.id)?.failingSinceMs ?? null
    }
    const reason = disabledBy(code, queue.failingSinceMs, webhook.resumedAtMs, clock.now())
    queue.failingSinceMs ??= clock.now()
    if (reason === null) return
    for (let pauseMs = storeRetryFirstMs; ; pauseMs = Math.min(pauseMs * 2, storeRetryMaxMs)) {
      const current = registry.webhook(webhook.workspaceId, webhook.id)
      // A receiver mended and switched on while this attempt was out starts with a clean record.
      if (!current || !isSending(current)) return
      if (current.url !== webhook.url || current.resumedAtMs !== webhook.resumedAtMs) return
      try {
        if ((await disable(current, reason)) === "done") return
        await registry.reload()
      } catch (fault) {
        if (!(fault instanceof StoreUnavailable)) throw fault
      }
      await this.#pause(pauseMs)
    }
  }

  #cancelAll(webhook: Webhook): void {
    const run = async () => {
      const { store, clock, onFault, metrics } = this.#parts
      while (!this.#stopping) {
        try {
          const cancelled = await store.cancelWaiting(webhook.workspaceId, webhook.id, clock.now(), cancelStep)
          metrics.ended("cancelled", cancelled)
          if (cancelled < cancelStep) return
        } catch (fault) {
          if (!(fault instanceof StoreUnavailable)) return onFault(fault, `cancelling deliveries of ${webhook.id}`)
          await this.#pause(storeRetryMaxMs)
        }
      }
    }
    void run()
  }

  #setAlarm(queue: WebhookQueue, atMs: number): void {
    queue.alarmAtMs = atMs
    this.#alarms.push({ atMs, queue })
    // Overtaken ones stay until their time comes: swept out before they outnumber the rest.
    if (this.#alarms.length > alarmsSweptAt + 4 * this.#queues.size) {
      const current = new Map(this.#alarms.data.map((alarm) => [alarm.queue, alarm]))
      for (const [queue, alarm] of current) alarm.atMs = queue.alarmAtMs
      this.#alarms.data = [...current.values()].filter(({ atMs }) => atMs < Number.POSITIVE_INFINITY)
      // A sorted array is a heap.
      this.#alarms.data.sort((one, other) => one.atMs - other.atMs)
      this.#alarms.length = this.#alarms.data.length
    }
    this.#setTimer()
  }

  #setTimer(): void {
    const earliest = this.#alarms.peek()
    if (!earliest || this.#stopping || earliest.atMs >= this.#timerAtMs) return
    this.#cancelTimer?.()
    this.#timerAtMs = earliest.atMs
    const nowMs = this.#parts.clock.now()
    // Another timer in place of the one that would have noticed.
    if (nowMs < this.#timerSetMs) this.#setBack = true
    this.#timerSetMs = nowMs
    // Looked at again at least this often: the wall clock may have been set meanwhile.
    const delayMs = Math.min(Math.max(0, earliest.atMs - this.#timerSetMs), 10_000)
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => this.#ring())
  }

  #ring(): void {
    this.#cancelTimer = null
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = this.#parts.clock.now()
    // Set back: what waits for its turn, not for a due time, would wait for all that was taken back.
    const setBack = this.#setBack || nowMs < this.#timerSetMs
    this.#setBack = false
    if (setBack) for (const queue of this.#queues.values()) this.#look(queue)
    for (let alarm = this.#alarms.peek(); alarm && alarm.atMs <= nowMs; alarm = this.#alarms.peek()) {
      this.#alarms.pop()
      // One that was overtaken by an earlier alarm of the same queue has done its work.
      if (alarm.queue.alarmAtMs !== alarm.atMs) continue
      alarm.queue.alarmAtMs = Number.POSITIVE_INFINITY
      this.#look(alarm.queue)
    }
    this.#setTimer()
    this.#pump()
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(delayMs, resolve)
    })
  }
}
