import type { WaitingDelivery } from "../../domain/delivery.ts"
import type { WaitingRead } from "../../ports/store.ts"
import { Lane } from "./lane.ts"
import type { BoundedRead, Fill, Lanes, Room } from "./lanes.ts"

/** `ordering: strict`: one lane. */
export class StrictLanes implements Lanes {
  readonly #lane: Lane

  constructor(room: Room) {
    this.#lane = new Lane(room, true)
  }

  push(delivery: WaitingDelivery, contiguous: boolean): void {
    this.#lane.push(delivery, contiguous)
  }

  canTake(nowMs: number): boolean {
    return this.#lane.canTake(nowMs)
  }

  take(nowMs: number): WaitingDelivery | null {
    return this.#lane.take(nowMs)
  }

  ended(): void {
    this.#lane.ended()
  }

  retried(_delivery: WaitingDelivery, dueMs: number): void {
    this.#lane.retried(dueMs)
  }

  startRead(nowMs: number): BoundedRead | null {
    if (!this.#lane.wantsRead(nowMs)) return null
    return { read: { read: "head" }, limit: this.#lane.startRead() }
  }

  pace(): void {}

  filled(_read: WaitingRead, fill: Fill, nowMs: number): void {
    this.#lane.filled(fill, nowMs)
  }

  unread(): void {
    this.#lane.unread()
  }

  missed(): void {
    this.#lane.markMissing()
  }

  wake(): void {
    this.#lane.wake()
  }

  wakeAtMs(): number {
    return this.#lane.wakeAtMs()
  }

  drop(): void {
    this.#lane.drop()
  }
}
