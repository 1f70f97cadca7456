import type { WorkspaceId } from "../domain/ids.ts"
import { type Admission, Places } from "./places.ts"

/** Attempts younger than this count fully; older ones wait for a slow receiver. */
const slowAfterMs = 1_000

type Flight = { readonly workspaceId: WorkspaceId }

/**
 * How many attempts may be in flight. Slow ones are moved to a wider allowance, and those known to be slow begin there,
 * so that thousands of receivers that accept a connection and say nothing cannot take the places of those that answer.
 * Of both, some places are kept from a workspace that holds many.
 */
export class Slots {
  readonly #quickPlaces: Places
  readonly #allPlaces: Places
  /** In the order of their starts, so that the oldest are found first. */
  readonly #quick = new Map<Flight, number>()
  readonly #slow = new Set<Flight>()

  constructor(quickMax: number, allMax: number) {
    this.#quickPlaces = new Places(quickMax)
    this.#allPlaces = new Places(allMax)
  }

  /**
   * @param nowMs monotonic.
   * @param slow for a receiver that did not answer last time: it is given a slow one's place from the beginning.
   */
  admission(nowMs: number, slow: boolean, workspaceId: WorkspaceId): Admission {
    const among = this.#allPlaces.admission(workspaceId)
    if (slow || among !== "free") return among
    const quick = this.#quickPlaces.admission(workspaceId)
    if (quick === "free") return quick
    for (const [flight, startedMs] of this.#quick) {
      if (nowMs - startedMs < slowAfterMs) break
      this.#quick.delete(flight)
      this.#quickPlaces.leave(flight.workspaceId)
      this.#slow.add(flight)
    }
    return this.#quickPlaces.admission(workspaceId)
  }

  start(flight: Flight, nowMs: number, slow: boolean): void {
    this.#allPlaces.enter(flight.workspaceId)
    if (slow) this.#slow.add(flight)
    else {
      this.#quick.set(flight, nowMs)
      this.#quickPlaces.enter(flight.workspaceId)
    }
  }

  /** An attempt that failed by a fault of ours ends twice. */
  end(flight: Flight): void {
    if (this.#quick.delete(flight)) this.#quickPlaces.leave(flight.workspaceId)
    else if (!this.#slow.delete(flight)) return
    this.#allPlaces.leave(flight.workspaceId)
  }

  inFlight(): number {
    return this.#allPlaces.taken
  }
}
