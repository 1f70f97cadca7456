import type { WaitingDelivery } from "../../domain/delivery.ts"
import type { WaitingRead } from "../../ports/store.ts"
import { Lane } from "./lane.ts"
import type { BoundedRead, Fill, Lanes, Room } from "./lanes.ts"

/** Keys in memory at once; the store is scanned for others when there is room again. */
const lanesMax = 2_000
const scanAgainBelow = 1_000
/** Keys of one read. */
const scanLimit = 300

/**
 * `ordering: by_key`: a lane per key, all in parallel. It begins with what was accepted before the webhook was ordered
 * by key, one by one, so that a change of ordering overtakes nothing. Then the store is scanned for keys; a scan only
 * names keys, and each new lane reads its own deliveries, so that nothing stale is sent.
 */
export class KeyedLanes implements Lanes {
  readonly #room: Room
  #unkeyed: Lane | null
  readonly #lanes = new Map<string, Lane>()
  /** Each lane that is not in flight or reading is filed under what it needs next. A set keeps turns. */
  readonly #ready = new Set<string>()
  readonly #hungry = new Set<string>()
  readonly #alarms = new Map<string, number>()
  /** No alarm is earlier than this. */
  #alarmsFromMs = Number.POSITIVE_INFINITY
  #flying = 0
  /** Where the scan goes on; "done" when no key in the store is unknown here. */
  #scan: { readonly afterKey: string | null } | "done" = { afterKey: null }
  #scanning = false
  #scanAgain = false

  constructor(room: Room) {
    this.#room = room
    this.#unkeyed = new Lane(room, true)
  }

  push(delivery: WaitingDelivery, contiguous: boolean): void {
    if (!contiguous) this.#scanFromStart()
    const key = delivery.laneKey
    if (key === null) {
      this.#unkeyed ??= new Lane(this.#room, true)
      this.#unkeyed.push(delivery, contiguous)
      return
    }
    const known = this.#lanes.get(key)
    if (known) {
      known.push(delivery, contiguous)
      return this.#file(key)
    }
    if (this.#unkeyed !== null || this.#lanes.size >= lanesMax) return this.#scanFromStart()
    // While the scan is unfinished the store may hold earlier ones of this key.
    const lane = new Lane(this.#room, this.#scan !== "done")
    lane.push(delivery, contiguous)
    this.#lanes.set(key, lane)
    this.#file(key)
  }

  canTake(nowMs: number): boolean {
    if (this.#unkeyed !== null) return this.#flying === 0 && this.#unkeyed.canTake(nowMs)
    this.#soundAlarms(nowMs)
    return this.#ready.size > 0
  }

  take(nowMs: number): WaitingDelivery | null {
    if (!this.canTake(nowMs)) return null
    if (this.#unkeyed !== null) return this.#unkeyed.take(nowMs)
    for (const key of this.#ready) {
      this.#ready.delete(key)
      const delivery = this.#lanes.get(key)?.take(nowMs) ?? null
      if (delivery !== null) {
        this.#flying++
        return delivery
      }
      this.#file(key)
    }
    return null
  }

  ended(delivery: WaitingDelivery): void {
    this.#landed(delivery, (lane) => lane.ended())
  }

  retried(delivery: WaitingDelivery, dueMs: number): void {
    this.#landed(delivery, (lane) => lane.retried(dueMs))
  }

  startRead(nowMs: number): BoundedRead | null {
    if (this.#unkeyed !== null) {
      if (!this.#unkeyed.wantsRead(nowMs)) return null
      return { read: { read: "unkeyed" }, limit: this.#unkeyed.startRead() }
    }
    this.#soundAlarms(nowMs)
    for (const key of this.#hungry) {
      this.#hungry.delete(key)
      const lane = this.#lanes.get(key)
      if (!lane?.wantsRead(nowMs)) continue
      return { read: { read: "key", laneKey: key }, limit: lane.startRead() }
    }
    if (this.#scan === "done" || this.#scanning || this.#lanes.size >= scanAgainBelow) return null
    this.#scanning = true
    return { read: { read: "keyHeads", afterKey: this.#scan.afterKey }, limit: scanLimit }
  }

  pace(): void {}

  filled(read: WaitingRead, fill: Fill, nowMs: number): void {
    if (read.read === "unkeyed") return this.#filledUnkeyed(fill, nowMs)
    if (read.read === "keyHeads") return this.#filledScan(fill)
    if (read.read !== "key") return
    this.#lanes.get(read.laneKey)?.filled(fill, nowMs)
    this.#file(read.laneKey)
  }

  unread(read: WaitingRead): void {
    if (read.read === "unkeyed") this.#unkeyed?.unread()
    else if (read.read === "key") {
      this.#lanes.get(read.laneKey)?.unread()
      this.#file(read.laneKey)
    } else this.#scanning = false
  }

  missed(): void {
    this.#scanFromStart()
  }

  wake(): void {
    this.#unkeyed?.wake()
    for (const [key, lane] of this.#lanes) {
      lane.wake()
      this.#file(key)
    }
    this.#unkeyed ??= new Lane(this.#room, true)
    this.#scanFromStart()
  }

  wakeAtMs(): number {
    if (this.#unkeyed !== null) return this.#flying === 0 ? this.#unkeyed.wakeAtMs() : Number.POSITIVE_INFINITY
    return this.#alarmsFromMs
  }

  drop(): void {
    this.#unkeyed?.drop()
    for (const lane of this.#lanes.values()) lane.drop()
    this.wake()
  }

  #filledUnkeyed(fill: Fill, nowMs: number): void {
    this.#unkeyed?.filled(fill, nowMs)
    if (this.#unkeyed?.isIdle()) this.#unkeyed = null
  }

  #filledScan({ rows, all }: Fill): void {
    this.#scanning = false
    let afterKey: string | null = null
    for (const { laneKey } of rows) {
      if (laneKey === null) continue
      if (this.#lanes.size >= lanesMax) {
        this.#scan = { afterKey }
        return
      }
      afterKey = laneKey
      const lane = this.#lanes.get(laneKey)
      if (lane) lane.markMissing()
      else this.#lanes.set(laneKey, new Lane(this.#room, true))
      this.#file(laneKey)
    }
    this.#scan = all ? "done" : { afterKey }
    if (this.#scanAgain) this.#scanFromStart()
  }

  #scanFromStart(): void {
    // What a scan under way has passed already would be overlooked: it starts again once it is through.
    this.#scanAgain = this.#scanning
    if (!this.#scanning) this.#scan = { afterKey: null }
  }

  /** Only one delivery of a lane is in flight, so the lane is known by the delivery's key. */
  #landed(delivery: WaitingDelivery, tell: (lane: Lane) => void): void {
    const { laneKey } = delivery
    if (laneKey === null) {
      if (!this.#unkeyed) return
      tell(this.#unkeyed)
      if (this.#unkeyed.isIdle()) this.#unkeyed = null
      return
    }
    this.#flying--
    const lane = this.#lanes.get(laneKey)
    if (!lane) return
    tell(lane)
    this.#file(laneKey)
  }

  /** Files a lane under what it needs next: a sender, a read, time, or nothing at all (it is forgotten). */
  #file(key: string): void {
    const lane = this.#lanes.get(key)
    if (!lane) return
    this.#ready.delete(key)
    this.#hungry.delete(key)
    this.#alarms.delete(key)
    if (lane.isIdle()) {
      this.#lanes.delete(key)
      return
    }
    const atMs = lane.wakeAtMs()
    if (atMs === Number.POSITIVE_INFINITY) return
    if (atMs > 0) {
      this.#alarms.set(key, atMs)
      this.#alarmsFromMs = Math.min(this.#alarmsFromMs, atMs)
    } else if (lane.hasBuffered()) this.#ready.add(key)
    else this.#hungry.add(key)
  }

  #soundAlarms(nowMs: number): void {
    if (nowMs < this.#alarmsFromMs) return
    this.#alarmsFromMs = Number.POSITIVE_INFINITY
    for (const [key, atMs] of this.#alarms) {
      if (atMs > nowMs) {
        this.#alarmsFromMs = Math.min(this.#alarmsFromMs, atMs)
        continue
      }
      this.#alarms.delete(key)
      if (this.#lanes.get(key)?.hasBuffered()) this.#ready.add(key)
      else this.#hungry.add(key)
    }
  }
}
