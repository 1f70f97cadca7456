import type { WorkspaceId } from "../domain/ids.ts"
import type { DeliveryFilter, EventFilter, Store } from "../ports/store.ts"
import { Problem } from "./problems.ts"

/**
 * Of one workspace on this node. On the embedded store all reads share one thread, on which whoever comes waits for a
 * stride of each search under way; of PostgreSQL's three connections for such reads, one is left to the others.
 */
const atOnceMax = 2
const waitingMax = 20
const retryAfterSeconds = 5
const dayMs = 86_400_000

type Queue = {
  underWay: number
  /** What begins each of them, the first to come first. */
  readonly waiting: Set<() => void>
}

/** A list that goes through a history takes its turn among those of its workspace: many wait for themselves, not others for them. */
class Searches {
  readonly #queues = new Map<WorkspaceId, Queue>()

  /**
   * @param signal of the client that asks: gone, it waits no more.
   * @throws Problem `rate_limited` where too many wait already; what the search throws; the signal's reason
   */
  async inTurn<Found>(
    workspaceId: WorkspaceId,
    signal: AbortSignal | undefined,
    search: () => Promise<Found>,
  ): Promise<Found> {
    const queue = this.#queues.get(workspaceId) ?? { underWay: 0, waiting: new Set() }
    this.#queues.set(workspaceId, queue)
    if (queue.underWay < atOnceMax) queue.underWay++
    else await turnIn(queue, signal)
    try {
      return await search()
    } finally {
      this.#end(workspaceId, queue)
    }
  }

  #end(workspaceId: WorkspaceId, queue: Queue): void {
    const [next] = queue.waiting
    if (next) return next()
    queue.underWay--
    if (queue.underWay === 0) this.#queues.delete(workspaceId)
  }
}

/** Resolves when one that was under way has handed its place over. */
function turnIn({ waiting }: Queue, signal: AbortSignal | undefined): Promise<void> {
  if (waiting.size >= waitingMax)
    throw new Problem("rate_limited", {
      detail: `This workspace has ${atOnceMax} searches under way and ${waitingMax} waiting. Lists without filters and statistics of a day are not limited so.`,
      headers: { "retry-after": String(retryAfterSeconds) },
    })
  return new Promise((resolve, reject) => {
    const leave = () => {
      waiting.delete(begin)
      reject(signal?.reason)
    }
    const begin = () => {
      waiting.delete(begin)
      signal?.removeEventListener("abort", leave)
      resolve()
    }
    if (signal?.aborted) return leave()
    waiting.add(begin)
    signal?.addEventListener("abort", leave, { once: true })
  })
}

export type Lists = Pick<Store, "events" | "deliveries" | "stats">

/** The store's lists and statistics, those in turns that may go through a whole history. */
export function listsInTurns(store: Lists): Lists {
  const searches = new Searches()
  return {
    events: (workspaceId, filter, page, signal) => {
      const list = () => store.events(workspaceId, filter, page, signal)
      return searchesEvents(filter) ? searches.inTurn(workspaceId, signal, list) : list()
    },
    deliveries: (workspaceId, filter, page, signal) => {
      const list = () => store.deliveries(workspaceId, filter, page, signal)
      return searchesDeliveries(filter) ? searches.inTurn(workspaceId, signal, list) : list()
    },
    stats: (workspaceId, webhookId, sinceMs, nowMs, points) => {
      const stats = () => store.stats(workspaceId, webhookId, sinceMs, nowMs, points)
      return nowMs - sinceMs > dayMs ? searches.inTurn(workspaceId, undefined, stats) : stats()
    },
  }
}

function searchesEvents({ fromMs, toMs, type, text }: EventFilter): boolean {
  return [fromMs, toMs, type, text].some((each) => each !== undefined)
}

/** Those of an event or of a webhook are found by an index. */
function searchesDeliveries({ fromMs, toMs, eventType, status }: DeliveryFilter): boolean {
  return [fromMs, toMs, eventType, status].some((each) => each !== undefined)
}
