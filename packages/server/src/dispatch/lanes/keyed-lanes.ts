import type { WaitingDelivery } from "../../domain/delivery.ts"
import type { WaitingRead } from "../../ports/store.ts"
import { Lane, startableAtMs } from "./lane.ts"
import { type BoundedRead, type Fill, type Lanes, ReadSize, type Room } from "./lanes.ts"

/** Keys with something to send or to read at once; the store is scanned for others when there is room again. */
const busyMax = 2_000
const scanAgainBelow = 1_000
/** Keys that wait for a retry: they cost little, but not nothing. */
const waitingMax = 50_000
/** Keys with bodies in memory, for each delivery that may be in flight: what is read beyond would only fill the room of all. */
const readyPerFlight = 2
/** Keys of one read. */
const scanLimit = 300
/** How soon keys that were forgotten while they wait for a retry are looked for again. */
const forgottenScanMs = 60_000

/**
 * `ordering: by_key`: a lane per key, all in parallel. The store is scanned for keys at first; a scan only names keys,
 * and each new lane reads its own deliveries, so that nothing stale is sent.
 */
export class KeyedLanes implements Lanes {
  readonly #room: Room
  readonly #lanes = new Map<string, Lane>()
  /** Each lane that is not in flight or reading is filed under what it needs next. A set keeps turns. */
  readonly #ready = new Set<string>()
  #readyMax = readyPerFlight
  /** Since the last read began: keys that never run dry must not keep the others from being read. */
  #taken = 0
  readonly #hungry = new Set<string>()
  readonly #alarms = new Map<string, number>()
  /** No alarm is earlier than this. */
  #alarmsFromMs = Number.POSITIVE_INFINITY
  /** Where the scan goes on; "done" when no key in the store is unknown here. */
  #scan: { readonly afterKey: string | null } | "done" = { afterKey: null }
  #scanning = false
  /** Bodies come with the keys. */
  readonly #scanSize = new ReadSize(scanLimit)
  #scanAgain = false
  /** Keys waiting for a retry are in the store that are not known here: a new lane may have earlier deliveries there. */
  #forgotten = false
  #forgottenScanAtMs = Number.POSITIVE_INFINITY
  /** As of the last call that told. */
  #nowMs = 0
  /** Pushes that had others before them which did not come through here: of any key, that of a known lane too. */
  #gaps = 0

  constructor(room: Room) {
    this.#room = room
  }

  push(delivery: WaitingDelivery, contiguous: boolean): void {
    if (!contiguous) {
      this.#gaps++
      this.#scanFromStart()
    }
    const key = delivery.laneKey
    const known = this.#lanes.get(key)
    if (known) {
      known.push(delivery, contiguous, this.#gaps)
      return this.#file(key)
    }
    if (this.#busy() >= busyMax) return this.#scanFromStart()
    // While not every key of the store is known here, earlier ones of this key may be there.
    const lane = new Lane(this.#room, this.#scan !== "done" || this.#forgotten, this.#gaps)
    lane.push(delivery, contiguous, this.#gaps)
    this.#lanes.set(key, lane)
    this.#file(key)
  }

  canTake(nowMs: number): boolean {
    this.#soundAlarms(nowMs)
    return this.#ready.size > 0
  }

  take(nowMs: number): WaitingDelivery | null {
    if (!this.canTake(nowMs)) return null
    for (const key of this.#ready) {
      this.#ready.delete(key)
      const delivery = this.#lanes.get(key)?.take(nowMs) ?? null
      if (delivery !== null) {
        this.#taken++
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
    this.#soundAlarms(nowMs)
    // Each key that is read holds a delivery, whatever room there is: what is ready goes first.
    if (this.#room.isFull() && this.#ready.size > 0) return null
    if (this.#ready.size >= this.#readyMax && this.#taken < this.#readyMax) return null
    for (const key of this.#hungry) {
      this.#hungry.delete(key)
      const lane = this.#lanes.get(key)
      if (!lane?.wantsRead(nowMs)) continue
      this.#taken = 0
      return { read: { read: "key", laneKey: key }, limit: lane.startRead(this.#gaps) }
    }
    if (this.#scan === "done" || this.#scanning || this.#busy() >= scanAgainBelow) return null
    if (this.#scan.afterKey === null) this.#forgotten = false
    this.#scanning = true
    this.#taken = 0
    const limit = this.#scanSize.limit(scanLimit, this.#room)
    return { read: { read: "keyHeads", afterKey: this.#scan.afterKey }, limit }
  }

  pace(parallel: number): void {
    this.#readyMax = parallel * readyPerFlight
  }

  filled(read: WaitingRead, fill: Fill, nowMs: number): void {
    this.#nowMs = nowMs
    if (read.read === "keyHeads") return this.#filledScan(fill)
    if (read.read !== "key") return
    this.#lanes.get(read.laneKey)?.filled(fill, nowMs)
    this.#file(read.laneKey)
  }

  unread(read: WaitingRead): void {
    if (read.read === "key") {
      this.#lanes.get(read.laneKey)?.unread()
      this.#file(read.laneKey)
    } else this.#scanning = false
  }

  missed(): void {
    this.#scanFromStart()
  }

  wake(): void {
    for (const [key, lane] of this.#lanes) {
      lane.wake()
      this.#file(key)
    }
    this.#scanFromStart()
  }

  wakeAtMs(): number {
    return Math.min(this.#alarmsFromMs, this.#forgottenScanAtMs)
  }

  drop(): void {
    this.wake()
  }

  /** Lanes that are sending, about to, or reading: not those that only wait for a retry. */
  #busy(): number {
    return this.#lanes.size - this.#alarms.size
  }

  #filledScan({ rows, all }: Fill): void {
    this.#scanning = false
    this.#scanSize.learn(rows)
    let afterKey: string | null = null
    for (const head of rows) {
      if (this.#busy() >= busyMax) {
        if (afterKey !== null) this.#scan = { afterKey }
        return
      }
      afterKey = head.laneKey
      const lane = this.#lanes.get(afterKey)
      if (lane) lane.markMissing()
      else if (this.#alarms.size >= waitingMax && startableAtMs(head) > this.#nowMs) {
        this.#forget(startableAtMs(head))
        continue
      } else this.#lanes.set(afterKey, new Lane(this.#room, true, this.#gaps))
      this.#file(afterKey)
    }
    this.#scan = all || afterKey === null ? "done" : { afterKey }
    if (this.#scan !== "done" || !this.#scanAgain) return
    this.#scanAgain = false
    this.#scanFromStart()
  }

  /** The store is scanned for it when it is due, but not every moment: each scan goes through all keys. */
  #forget(dueAtMs: number): void {
    this.#forgotten = true
    const scanAtMs = Math.max(dueAtMs, this.#nowMs + forgottenScanMs)
    this.#forgottenScanAtMs = Math.min(this.#forgottenScanAtMs, scanAtMs)
  }

  #scanFromStart(): void {
    // What a pass under way has gone by would be overlooked: another follows once it is through. Starting anew at each
    // call would never reach the last keys while new deliveries keep coming.
    if (this.#scanning || (this.#scan !== "done" && this.#scan.afterKey !== null)) this.#scanAgain = true
    else this.#scan = { afterKey: null }
  }

  /** Only one delivery of a lane is in flight, so the lane is known by the delivery's key. */
  #landed(delivery: WaitingDelivery, tell: (lane: Lane) => void): void {
    const key = delivery.laneKey
    const lane = this.#lanes.get(key)
    if (!lane) return
    tell(lane)
    this.#file(key)
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
    if (atMs > this.#nowMs) {
      if (this.#alarms.size >= waitingMax) {
        lane.drop()
        this.#lanes.delete(key)
        this.#forget(atMs)
        return
      }
      this.#alarms.set(key, atMs)
      this.#alarmsFromMs = Math.min(this.#alarmsFromMs, atMs)
    } else if (lane.hasBuffered()) this.#ready.add(key)
    else this.#hungry.add(key)
  }

  #soundAlarms(nowMs: number): void {
    this.#nowMs = nowMs
    if (nowMs >= this.#forgottenScanAtMs) {
      this.#forgottenScanAtMs = Number.POSITIVE_INFINITY
      this.#scanFromStart()
    }
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
