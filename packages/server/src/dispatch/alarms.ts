import TinyQueue from "tinyqueue"
import type { Clock } from "../ports/clock.ts"

/** Something that waits for time; `alarmAtMs` is where its alarm stands, Infinity without one. */
type Sleeper = { alarmAtMs: number }

export type AlarmsParts<Waiting extends Sleeper> = {
  readonly clock: Clock
  readonly onAlarm: (waiting: Waiting) => void
  /** The wall clock was set back: who waits for its turn, not for a due time, would wait for all that was taken back. */
  readonly onSetBack: () => void
  /** Called once after all that a timer has brought. */
  readonly onRung: () => void
}

/** Looked at again at least this often: the wall clock may have been set meanwhile. */
const timerMaxMs = 10_000
const sweptAt = 1_000

/** One alarm for each that waits, and one timer for all of them. */
export class Alarms<Waiting extends Sleeper> {
  readonly #parts: AlarmsParts<Waiting>
  readonly #alarms = new TinyQueue<{ atMs: number; waiting: Waiting }>([], (a, b) => a.atMs - b.atMs)
  #sweepAt = sweptAt
  #cancelTimer: (() => void) | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #timerSetMs = 0
  /** The wall clock was set back while a timer ran: alarms from before stand at times that were taken back. */
  #setBack = false
  #stopped = false

  constructor(parts: AlarmsParts<Waiting>) {
    this.#parts = parts
  }

  /** In place of the one that it has. */
  set(waiting: Waiting, atMs: number): void {
    waiting.alarmAtMs = atMs
    this.#alarms.push({ atMs, waiting })
    if (this.#alarms.length > this.#sweepAt) this.#sweep()
    this.#setTimer()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  /** Overtaken alarms stay until their time comes: taken out before they outnumber the rest. */
  #sweep(): void {
    const current = new Map(this.#alarms.data.map((alarm) => [alarm.waiting, alarm]))
    for (const [waiting, alarm] of current) alarm.atMs = waiting.alarmAtMs
    this.#alarms.data = [...current.values()].filter(({ atMs }) => atMs < Number.POSITIVE_INFINITY)
    // A sorted array is a heap.
    this.#alarms.data.sort((one, other) => one.atMs - other.atMs)
    this.#alarms.length = this.#alarms.data.length
    this.#sweepAt = sweptAt + 4 * this.#alarms.length
  }

  #setTimer(): void {
    const earliest = this.#alarms.peek()
    if (!earliest || this.#stopped || earliest.atMs >= this.#timerAtMs) return
    this.#cancelTimer?.()
    this.#timerAtMs = earliest.atMs
    const nowMs = this.#parts.clock.now()
    // Another timer in place of the one that would have noticed.
    if (nowMs < this.#timerSetMs) this.#setBack = true
    this.#timerSetMs = nowMs
    const delayMs = Math.min(Math.max(0, earliest.atMs - nowMs), timerMaxMs)
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => this.#ring())
  }

  #ring(): void {
    const { clock, onAlarm, onSetBack, onRung } = this.#parts
    this.#cancelTimer = null
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = clock.now()
    const setBack = this.#setBack || nowMs < this.#timerSetMs
    this.#setBack = false
    if (setBack) onSetBack()
    for (let alarm = this.#alarms.peek(); alarm && alarm.atMs <= nowMs; alarm = this.#alarms.peek()) {
      this.#alarms.pop()
      // One that was overtaken by an earlier alarm of the same has done its work.
      if (alarm.waiting.alarmAtMs !== alarm.atMs) continue
      alarm.waiting.alarmAtMs = Number.POSITIVE_INFINITY
      onAlarm(alarm.waiting)
    }
    this.#setTimer()
    onRung()
  }
}
