import { type Clock, pause } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Store } from "../ports/store.ts"
import type { BoundedRead } from "./lanes/lanes.ts"
import type { SpentRead, WebhookQueue } from "./webhook-queue.ts"

type ReadingParts = {
  readonly store: Pick<Store, "waiting" | "nextDue" | "attemptsByMinute">
  readonly clock: Clock
  /** The queue has what it asked for, or may ask: it is to be looked at. */
  readonly look: (queue: WebhookQueue) => void
  /** Called once after all of them have been. */
  readonly onLooked: () => void
  readonly onFault: OnFault
}

const readsMaxPerWebhook = 4
/** Of all webhooks: what reads bring is not in the room yet while they are under way. */
const readsMax = 16
/** After one that failed. Not less at first: every webhook that waits would ask a store that has just gone away. */
const failedPauseMs = 5_000

/** Resolves to whether it brought what there is. */
type Read = () => Promise<boolean>

/** Reads from the store what queues ask for, so many at a time: what waits, into their lanes, and what their rates have spent. */
export class Reading {
  readonly #parts: ReadingParts
  #reads = 0
  /** Found no place among the reads. */
  readonly #mayRead = new Set<WebhookQueue>()

  constructor(parts: ReadingParts) {
    this.#parts = parts
  }

  /** Starts the reads that a queue needs. */
  start(queue: WebhookQueue, nowMs: number): void {
    while (queue.readsUnderWay < readsMaxPerWebhook && this.#reads < readsMax && this.#startOne(queue, nowMs)) {}
    if (this.#reads >= readsMax) this.#mayRead.add(queue)
  }

  #startOne(queue: WebhookQueue, nowMs: number): boolean {
    const read = this.#wanted(queue, nowMs)
    if (read === null) return false
    queue.readsUnderWay++
    this.#reads++
    void this.#whole(queue, read)
    return true
  }

  #wanted(queue: WebhookQueue, nowMs: number): Read | null {
    const spent = queue.startSpent(nowMs)
    if (spent !== null) return () => this.#readSpent(queue, spent)
    const wanted = queue.lanes.startRead(nowMs)
    return wanted && (() => this.#readLanes(queue, wanted))
  }

  async #whole(queue: WebhookQueue, read: Read): Promise<void> {
    const done = await read()
    this.#reads--
    // First: one whose reads fail, or never end, must not keep the others from theirs.
    for (const next of this.#mayRead) {
      if (this.#reads >= readsMax) break
      this.#mayRead.delete(next)
      this.#parts.look(next)
    }
    if (!done) await pause(this.#parts.clock, failedPauseMs)
    queue.readsUnderWay--
    this.#parts.look(queue)
    this.#parts.onLooked()
  }

  async #readSpent(queue: WebhookQueue, { sinceMs, known }: SpentRead): Promise<boolean> {
    const { store, onFault } = this.#parts
    try {
      known(await store.attemptsByMinute(queue.workspaceId, queue.webhookId, sinceMs))
      return true
    } catch (fault) {
      onFault(fault, "reading what a rate limit has spent")
      known(null)
      return false
    }
  }

  async #readLanes(queue: WebhookQueue, { read, limit }: BoundedRead): Promise<boolean> {
    const { store, clock, onFault } = this.#parts
    const { lanes, workspaceId, webhookId } = queue
    try {
      const rows = await store.waiting({ workspaceId, webhookId, limit, ...read })
      queue.saw(rows)
      const all = rows.length < limit
      const nextDueMs = read.read === "retries" && all ? await store.nextDue(workspaceId, webhookId, read.byMs) : null
      // Lanes that were replaced meanwhile (a change of ordering) have no use for it.
      if (queue.lanes === lanes) lanes.filled(read, { rows, all, nextDueMs }, clock.now())
      return true
    } catch (fault) {
      lanes.unread(read)
      onFault(fault, "reading waiting deliveries")
      return false
    }
  }
}
