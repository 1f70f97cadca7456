import type { WaitingDelivery } from "../domain/delivery.ts"
import type { WebhookId, WorkspaceId } from "../domain/ids.ts"
import { type Ordering, originOf, type RateLimit, type Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { AttemptsOfMinute } from "../ports/store.ts"
import { KeyedLanes } from "./lanes/keyed-lanes.ts"
import type { Lanes, Room } from "./lanes/lanes.ts"
import { ParallelLanes } from "./lanes/parallel-lanes.ts"
import { StrictLanes } from "./lanes/strict-lanes.ts"
import { RateWindow } from "./rate-window.ts"

export const parallelMax = 20
const parallelAtFirst = 4
/** For each that may be on its way, how many may wait for their outcome to become durable. */
export const unsettledPerFlight = 8

/** To be asked of the store: how many attempts began since a time. @property known takes the answer; null: there was none. */
export type SpentRead = {
  readonly sinceMs: number
  readonly known: (minutes: readonly AttemptsOfMinute[] | null) => void
}

/** What the dispatcher knows of one webhook: its lanes, what is in flight, and how it has been doing. */
export class WebhookQueue {
  readonly webhookId: WebhookId
  readonly workspaceId: WorkspaceId
  lanes: Lanes
  /** Where its URL leads to: scheme, host and port. */
  origin: string
  /** Taken from the lanes, their outcome not durable yet. */
  unsettled = 0
  /** Of those, the ones the receiver has not answered. */
  readonly #unanswered = new Set<WaitingDelivery>()
  readsUnderWay = 0
  sending: boolean
  /** Where the alarm stands that is set for it. */
  alarmAtMs = Number.POSITIVE_INFINITY
  /**
   * The first failure since the last success; null: none; "unknown" until the store is asked, which only a failure
   * makes necessary.
   */
  failingSinceMs: number | null | "unknown" = "unknown"
  /** The last attempt got no answer in time: the next, most likely, will not either. */
  silent = false
  readonly #clock: Pick<Clock, "now" | "monotonic">
  readonly #room: Room
  #ordering: Ordering
  /** Set while flights of the old ordering are still out. */
  #nextOrdering: Ordering | null = null
  #expectedSequence: number | null = null
  /** The highest sequence that was read from the store. */
  #readTo = 0
  #parallel = parallelAtFirst
  #rateLimit: RateLimit | null
  /** Null beside a limit until what has been spent of it is read. */
  #rateWindow: RateWindow | null = null
  /** Under way, of the present limit. */
  #spentRead: SpentRead | null = null

  constructor(
    webhook: Pick<Webhook, "id" | "workspaceId" | "rateLimit" | "url">,
    ordering: Ordering,
    sending: boolean,
    room: Room,
    clock: Pick<Clock, "now" | "monotonic">,
  ) {
    this.webhookId = webhook.id
    this.workspaceId = webhook.workspaceId
    this.origin = originOf(webhook.url)
    this.sending = sending
    this.#room = room
    this.#clock = clock
    this.#ordering = ordering
    this.#rateLimit = webhook.rateLimit
    this.lanes = lanesFor(ordering, room)
    this.lanes.pace(this.#parallel)
  }

  /** Takes over changed settings. */
  reconfigure(webhook: Webhook, ordering: Ordering, sending: boolean): void {
    const { rateLimit } = webhook
    this.origin = originOf(webhook.url)
    if (rateLimit?.requests !== this.#rateLimit?.requests || rateLimit?.perSeconds !== this.#rateLimit?.perSeconds) {
      this.#rateLimit = rateLimit
      this.#forgetSpent()
    }
    if (ordering !== (this.#nextOrdering ?? this.#ordering)) {
      this.#nextOrdering = ordering
      this.lanes.drop()
    }
    if (sending !== this.sending) {
      this.sending = sending
      this.lanes.drop()
      this.#expectedSequence = null
    }
    this.#changeOrdering()
  }

  /** Whoever sent for it meanwhile may have had a success, and has spent of its rate limit. */
  wasElsewhere(): void {
    this.failingSinceMs = "unknown"
    this.#forgetSpent()
  }

  /** What is being read of it says nothing any more either. */
  #forgetSpent(): void {
    this.#rateWindow = null
    this.#spentRead = null
  }

  push(delivery: WaitingDelivery): void {
    // One that a read has brought before its acceptance was answered may be over by now: only the store knows.
    const contiguous = delivery.sequence === this.#expectedSequence && delivery.sequence > this.#readTo
    this.#expectedSequence = delivery.sequence + 1
    this.lanes.push(delivery, contiguous)
  }

  /** Whether this one and all before it have come by `push`, or what came so has shown that some did not: those are read. */
  accountsFor(sequence: number): boolean {
    return this.#expectedSequence !== null && sequence < this.#expectedSequence
  }

  /** A read of the store brought these. */
  saw(deliveries: readonly WaitingDelivery[]): void {
    for (const { sequence } of deliveries) this.#readTo = Math.max(this.#readTo, sequence)
  }

  /** Whether an attempt may start now, as far as this webhook is concerned. */
  canStart(nowMs: number): boolean {
    return (
      this.sending &&
      this.#nextOrdering === null &&
      this.#unanswered.size < this.#parallel &&
      this.unsettled < this.#parallel * unsettledPerFlight &&
      this.lanes.canTake(nowMs) &&
      this.#rateFreeInMs() === 0
    )
  }

  /**
   * A rate limit holds over restarts, changes of hands and of itself: what was begun in its last period is read before
   * anything is begun. @returns what to read now; null: nothing.
   */
  startSpent(nowMs: number): SpentRead | null {
    const [limit, unsettled] = [this.#rateLimit, this.unsettled]
    if (limit === null || this.#rateWindow !== null || this.#spentRead !== null) return null
    const read: SpentRead = {
      sinceMs: nowMs - limit.perSeconds * 1000,
      known: (minutes) => {
        if (this.#spentRead !== read) return
        this.#spentRead = null
        // What was not durable when it was asked for is known here alone.
        if (minutes !== null) this.#rateWindow = new RateWindow(limit, this.#clock, minutes, unsettled)
      },
    }
    this.#spentRead = read
    return read
  }

  #rateFreeInMs(): number {
    if (this.#rateLimit === null) return 0
    return this.#rateWindow?.freeInMs() ?? Number.POSITIVE_INFINITY
  }

  take(nowMs: number): WaitingDelivery | null {
    const delivery = this.lanes.take(nowMs)
    if (delivery === null) return null
    this.unsettled++
    this.#unanswered.add(delivery)
    this.#rateWindow?.take()
    return delivery
  }

  /** The one just taken is not posted after all: the rate limit does not count it. */
  unspent(): void {
    this.#rateWindow?.giveBack()
  }

  answered(delivery: WaitingDelivery): void {
    this.#unanswered.delete(delivery)
  }

  /** A flight is over and its outcome durable. @param retryDueMs null when the delivery has ended. */
  landed(delivery: WaitingDelivery, retryDueMs: number | null): void {
    this.unsettled--
    if (retryDueMs === null) this.lanes.ended(delivery)
    else this.lanes.retried(delivery, retryDueMs)
    this.#changeOrdering()
  }

  /** A receiver that answers well is given more at once; one that fails, less: it gets time to recover. */
  succeeded(): void {
    this.#setParallel(Math.min(parallelMax, this.#parallel + 1))
    this.failingSinceMs = null
    this.silent = false
  }

  /**
   * At the answer, as a success: told only once it is durable, a failure would seem to have come after a success that was
   * answered meanwhile.
   *
   * @param silent it did not answer in time.
   */
  failed(silent: boolean): void {
    this.#setParallel(Math.max(1, this.#parallel >> 1))
    this.failingSinceMs ??= this.#clock.now()
    this.silent = silent
  }

  /** When time alone will let something start or be read; Infinity when never. */
  wakeAtMs(nowMs: number): number {
    if (!this.sending || this.#nextOrdering !== null) return Number.POSITIVE_INFINITY
    if (this.lanes.canTake(nowMs)) return nowMs + (this.#rateWindow?.freeInMs() ?? Number.POSITIVE_INFINITY)
    return this.lanes.wakeAtMs()
  }

  #setParallel(parallel: number): void {
    this.#parallel = parallel
    this.lanes.pace(parallel)
  }

  #changeOrdering(): void {
    if (this.#nextOrdering === null || this.unsettled > 0) return
    this.lanes.drop()
    this.#ordering = this.#nextOrdering
    this.#nextOrdering = null
    this.#expectedSequence = null
    this.lanes = lanesFor(this.#ordering, this.#room)
    this.lanes.pace(this.#parallel)
  }
}

function lanesFor(ordering: Ordering, room: Room): Lanes {
  switch (ordering) {
    case "strict":
      return new StrictLanes(room)
    case "by_key":
      return new KeyedLanes(room)
    case "none":
      return new ParallelLanes(room)
  }
}
