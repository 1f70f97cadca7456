import type { DatabaseSync } from "node:sqlite"
import { number, numberOrNull, reader, writer } from "./prepared.ts"

/**
 * Deliveries due at which they are filed: over a hundred webhooks some tens each, which share a page. Some 10 ms of
 * writing.
 */
const dueMax = 3_000

/**
 * Which deliveries each webhook has had (`webhook_history`), for the log. Accepted deliveries are filed together, some
 * thousands at a time: one by one, each of them was a page to write (bench/LOG.md). Where those begin that are due is
 * stored with the first of them, so that a crash forgets none.
 */
export class WebhookHistory {
  #fromEvent: number | null = null
  #due = 0
  /** Whether memory has what is stored. */
  #read = false
  readonly #find
  readonly #note
  readonly #file
  readonly #add
  readonly #filed
  readonly #notFiled

  constructor(db: DatabaseSync) {
    this.#find = reader(db, "SELECT from_event FROM webhook_history_due")
    this.#note = writer(db, "UPDATE webhook_history_due SET from_event = ?")
    // Ignoring those that `add` has filed.
    this.#file = writer(
      db,
      `INSERT OR IGNORE INTO webhook_history (webhook, delivery, workspace)
       SELECT webhook, id, workspace FROM deliveries INDEXED BY deliveries_of_event WHERE event >= ? ORDER BY webhook, id`,
    )
    this.#add = writer(db, "INSERT OR IGNORE INTO webhook_history (webhook, delivery, workspace) VALUES (?, ?, ?)")
    this.#filed = reader(db, "SELECT 1 FROM webhook_history WHERE webhook = ? LIMIT 1")
    this.#notFiled = reader(
      db,
      "SELECT DISTINCT webhook FROM deliveries INDEXED BY deliveries_of_event WHERE event >= ?",
    )
  }

  #from(): number | null {
    if (!this.#read) {
      this.#fromEvent = numberOrNull(this.#find.row()?.[0] ?? null)
      this.#read = true
    }
    return this.#fromEvent
  }

  /** An event was stored with so many deliveries, which are to be filed. */
  accepted(event: number, deliveries: number): void {
    const from = this.#from()
    // Numbers can begin lower again, after a start and when retention had removed the last events before it.
    if (from === null || event < from) {
      this.#fromEvent = event
      this.#note(event)
    }
    this.#due += deliveries
  }

  /** Files one delivery, of an event that may have been stored long ago. */
  add(webhook: number, delivery: string, workspace: number): void {
    this.#add(webhook, delivery, workspace)
  }

  fileIfMany(): void {
    if (this.#due >= dueMax) this.file()
  }

  /** Files all that are due. */
  file(): void {
    const from = this.#from()
    if (from === null) return
    this.#file(from)
    this.#note(null)
    this.#fromEvent = null
    this.#due = 0
  }

  /**
   * Tells whether a webhook has a delivery, filed or due, for as long as none is added. Those that are due are read once:
   * looked through for each of some hundred webhooks they would take a tenth of a second.
   */
  lookup(): (webhook: number) => boolean {
    let due: ReadonlySet<number> | null = null
    return (webhook) => {
      if (this.#filed.row(webhook) !== undefined) return true
      due ??= this.#webhooksDue()
      return due.has(webhook)
    }
  }

  #webhooksDue(): ReadonlySet<number> {
    const from = this.#from()
    return new Set(from === null ? [] : this.#notFiled.rows(from).map((row) => number(row[0])))
  }

  /** After a rollback: what is in memory may no longer be what is stored. What was due is filed a little later. */
  reread(): void {
    this.#read = false
    this.#due = 0
  }
}
