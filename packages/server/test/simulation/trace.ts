import { createHash } from "node:crypto"

/** Enough to see what led to a failure, little enough to read. */
const lastMax = 40

/** Everything that happens, in order: its hash tells whether two runs were the same run. */
export class Trace {
  readonly #hash = createHash("sha256")
  readonly #now: () => number
  readonly #onLine: ((line: string) => void) | null
  #last: string[] = []
  #count = 0

  /** @param now ms of virtual time since the start. */
  constructor(now: () => number, onLine: ((line: string) => void) | null = null) {
    this.#now = now
    this.#onLine = onLine
  }

  note(happening: string): void {
    const line = `${timeText(this.#now())}  ${happening}`
    this.#hash.update(line)
    this.#hash.update("\n")
    this.#count++
    this.#onLine?.(line)
    this.#last.push(line)
    if (this.#last.length > 2 * lastMax) this.#last = this.#last.slice(-lastMax)
  }

  get count(): number {
    return this.#count
  }

  last(): readonly string[] {
    return this.#last.slice(-lastMax)
  }

  /** The run's fingerprint; nothing may be noted after it. */
  digest(): string {
    return this.#hash.digest("hex")
  }
}

function timeText(ms: number): string {
  const whole = Math.floor(ms)
  const [hours, minutes, seconds] = [
    Math.floor(whole / 3_600_000),
    Math.floor(whole / 60_000) % 60,
    (whole / 1000) % 60,
  ]
  return `${hours}:${String(minutes).padStart(2, "0")}:${seconds.toFixed(3).padStart(6, "0")}`
}
