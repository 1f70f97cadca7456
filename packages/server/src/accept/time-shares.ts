import type { WorkspaceId } from "../domain/ids.ts"
import type { Clock } from "../ports/clock.ts"

/** `share`, over 0 and at most 1, is what one workspace may take of all time in the long run; `burstMs`, at once after a rest. */
export type TimeShare = { readonly share: number; readonly burstMs: number }

/**
 * What each workspace has taken of a thread that all of them need. Whether work may begin is decided by what the work
 * before it took, for nobody knows beforehand: so the last of a burst may go beyond it, and is paid for by waiting.
 */
export class TimeShares {
  readonly #clock: Pick<Clock, "monotonic">
  readonly #share: number
  readonly #burstInMs: number
  /** When each has its whole burst again, the one charged longest ago first; who has it again is forgotten. */
  readonly #wholeAtMs = new Map<WorkspaceId, number>()

  constructor(clock: Pick<Clock, "monotonic">, { share, burstMs }: TimeShare) {
    this.#clock = clock
    this.#share = share
    this.#burstInMs = burstMs / share
  }

  /** How long until its next work may begin; 0: it may now. */
  waitMs(workspaceId: WorkspaceId): number {
    const wholeAtMs = this.#wholeAtMs.get(workspaceId)
    return wholeAtMs === undefined ? 0 : Math.max(0, wholeAtMs - this.#burstInMs - this.#clock.monotonic())
  }

  charge(workspaceId: WorkspaceId, tookMs: number): void {
    if (tookMs <= 0) return
    const nowMs = this.#clock.monotonic()
    this.#set(workspaceId, nowMs, Math.max(nowMs, this.#wholeAtMs.get(workspaceId) ?? 0) + tookMs / this.#share)
  }

  /** Takes all that it has, so that it waits at least so long. */
  pause(workspaceId: WorkspaceId, forMs: number): void {
    const nowMs = this.#clock.monotonic()
    const wholeAtMs = nowMs + this.#burstInMs + forMs
    this.#set(workspaceId, nowMs, Math.max(wholeAtMs, this.#wholeAtMs.get(workspaceId) ?? 0))
  }

  /** Of how many workspaces something is kept: those charged of late. */
  get size(): number {
    return this.#wholeAtMs.size
  }

  #set(workspaceId: WorkspaceId, nowMs: number, wholeAtMs: number): void {
    this.#wholeAtMs.delete(workspaceId)
    this.#wholeAtMs.set(workspaceId, wholeAtMs)
    // Each waits for those before it, which is never longer than the longest pause: cheaper than looking at all of them.
    for (const [id, atMs] of this.#wholeAtMs) {
      if (atMs > nowMs) break
      this.#wholeAtMs.delete(id)
    }
  }
}
