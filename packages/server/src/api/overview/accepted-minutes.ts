import type { WorkspaceId } from "../../domain/ids.ts"
import type { Clock } from "../../ports/clock.ts"
import type { Store } from "../../ports/store.ts"

const minuteMs = 60_000
export const overviewMinutes = 60

/** Looking back further than this many events would cost more than the first minutes of a plot are worth. */
const lookedBackMax = 10_000
const pageSize = 500

/**
 * How many events each workspace had accepted in each of the last sixty minutes. Counted as they come, since the store
 * keeps no such figure; what came before the process started is read back once.
 */
export class AcceptedMinutes {
  readonly #clock: Pick<Clock, "now">
  readonly #store: Pick<Store, "events">
  readonly #startedMs: number
  readonly #counts = new Map<WorkspaceId, Map<number, number>>()
  readonly #lookedBack = new Map<WorkspaceId, Promise<void>>()

  constructor(store: Pick<Store, "events">, clock: Pick<Clock, "now">) {
    this.#store = store
    this.#clock = clock
    this.#startedMs = clock.now()
  }

  count(workspaceId: WorkspaceId, events: number): void {
    this.#add(workspaceId, this.#clock.now(), events)
  }

  /** By the minute of the Unix clock. */
  async ofLastHour(workspaceId: WorkspaceId): Promise<ReadonlyMap<number, number>> {
    let looking = this.#lookedBack.get(workspaceId)
    if (!looking) {
      looking = this.#lookBack(workspaceId)
      this.#lookedBack.set(workspaceId, looking)
      looking.catch(() => this.#lookedBack.delete(workspaceId))
    }
    await looking
    return this.#counts.get(workspaceId) ?? new Map()
  }

  async #lookBack(workspaceId: WorkspaceId): Promise<void> {
    const fromMs = this.#clock.now() - overviewMinutes * minuteMs
    if (fromMs >= this.#startedMs) return
    const found: number[] = []
    let before: string | null = null
    while (found.length < lookedBackMax) {
      const page = await this.#store.events(workspaceId, { fromMs, toMs: this.#startedMs }, { limit: pageSize, before })
      for (const { acceptedMs } of page) found.push(acceptedMs)
      before = page.at(-1)?.id ?? null
      if (page.length < pageSize) break
    }
    for (const atMs of found) this.#add(workspaceId, atMs, 1)
  }

  #add(workspaceId: WorkspaceId, atMs: number, events: number): void {
    const minute = Math.floor(atMs / minuteMs)
    let counts = this.#counts.get(workspaceId)
    if (!counts) {
      counts = new Map()
      this.#counts.set(workspaceId, counts)
    }
    counts.set(minute, (counts.get(minute) ?? 0) + events)
    if (counts.size <= overviewMinutes + 2) return
    const oldest = Math.floor(this.#clock.now() / minuteMs) - overviewMinutes - 1
    for (const each of counts.keys()) if (each < oldest) counts.delete(each)
  }
}
