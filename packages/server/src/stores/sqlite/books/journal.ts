import type { DatabaseSync } from "node:sqlite"
import { minuteMs } from "../../minute.ts"
import { number, reader, record, writer } from "../prepared.ts"
import type { Bucket } from "../states.ts"
import type { Entries } from "./entries.ts"

const kinds = { added: 0, moved: 1, removed: 2, failed: 3, succeeded: 4 } as const
/** As numbers; what is stored has them, so their order stays. */
const buckets: readonly Bucket[] = ["pending", "retrying", "delivered", "exhausted", "expired", "cancelled"]
const bucketNumbers = Object.fromEntries(buckets.map((name, index) => [name, index])) as Record<Bucket, number>

/** A code holds a kind and up to two buckets. */
const radix = 8

/**
 * Entries of commits, in order, as rows of one flat list of whole numbers each: `[first minute, code, webhook, minute,
 * …, code, webhook, minute, …]`, minutes and moments counted from the first minute. Small numbers, because the commit
 * thread writes them as text: some 25 bytes and 0.2 µs a delivery.
 */
export class Journal implements Entries {
  /** Of this transaction. */
  #entries: number[] = []
  #base = 0
  readonly #append
  readonly #stored
  readonly #clear

  constructor(db: DatabaseSync) {
    this.#append = writer(db, "INSERT INTO books_journal (entries) VALUES (?)")
    this.#stored = reader(db, "SELECT entries FROM books_journal ORDER BY num")
    this.#clear = writer(db, "DELETE FROM books_journal")
  }

  added(webhook: number, minute: number): void {
    this.#note(kinds.added, webhook, minute)
  }

  moved(webhook: number, minute: number, from: Bucket, to: Bucket): void {
    this.#note(kinds.moved + radix * (bucketNumbers[from] + radix * bucketNumbers[to]), webhook, minute)
  }

  removed(webhook: number, minute: number, from: Bucket): void {
    this.#note(kinds.removed + radix * bucketNumbers[from], webhook, minute)
  }

  attempted(webhook: number, minute: number, succeeded: boolean, atMs: number, latencyStep: number | null): void {
    this.#note(succeeded ? kinds.succeeded : kinds.failed, webhook, minute)
    this.#entries.push(atMs - this.#base * minuteMs, latencyStep ?? -1)
  }

  #note(code: number, webhook: number, minute: number): void {
    if (this.#entries.length === 0) {
      this.#base = minute
      this.#entries.push(minute)
    }
    this.#entries.push(code, webhook, minute - this.#base)
  }

  /** Stores this transaction's entries with it. */
  append(): void {
    if (this.#entries.length > 0) this.#append(JSON.stringify(this.#entries))
    this.#entries = []
  }

  /** Forgets all entries, those of this transaction and those stored before. */
  clear(): void {
    this.#entries = []
    this.#clear()
  }

  /** Forgets the entries of a transaction that was undone. */
  undo(): void {
    this.#entries = []
  }

  /** Tells all that is stored, in order. */
  tell(to: Entries): void {
    for (const row of this.#stored.rows()) tellEntries(record<readonly number[]>(row[0]), to)
  }
}

function tellEntries(entries: readonly number[], to: Entries): void {
  const base = number(entries[0])
  let at = 1
  const next = () => number(entries[at++])
  while (at < entries.length) {
    const code = next()
    const webhook = next()
    const minute = base + next()
    const kind = code % radix
    switch (kind) {
      case kinds.added:
        to.added(webhook, minute)
        break
      case kinds.moved:
        to.moved(webhook, minute, bucketIn(code, 1), bucketIn(code, 2))
        break
      case kinds.removed:
        to.removed(webhook, minute, bucketIn(code, 1))
        break
      case kinds.failed:
      case kinds.succeeded: {
        const atMs = base * minuteMs + next()
        const step = next()
        to.attempted(webhook, minute, kind === kinds.succeeded, atMs, step < 0 ? null : step)
        break
      }
      default:
        throw new Error(`The journal of the books holds an entry of an unknown kind, ${kind}.`)
    }
  }
}

function bucketIn(code: number, place: number): Bucket {
  const bucket = buckets[Math.floor(code / radix ** place) % radix]
  if (bucket === undefined) throw new Error(`The journal of the books holds an entry with an unknown code, ${code}.`)
  return bucket
}
