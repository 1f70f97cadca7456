import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import { latencyStep } from "../../domain/latency-histogram.ts"
import { minuteOf } from "../minute.ts"
import { Journal } from "./books/journal.ts"
import { Ledger } from "./books/ledger.ts"
import { number, reader } from "./prepared.ts"
import type { Bucket } from "./states.ts"
import { WebhookHistory } from "./webhook-history.ts"

/**
 * Entries after which the books are written: often enough that the journal stays small, some 100 KB, and seldom enough
 * that the writing hardly shows (bench/LOG.md).
 */
const journalEntriesMax = 10_000

/**
 * Those of so many webhooks are in memory, some 50 MB; with more, all are read again as they are used. Webhooks come and
 * go for ever, and those that have gone are among them.
 */
const webhooksInMemoryMax = 100_000

/**
 * What every write of a batch needs to know and changes a little: the numbers that stand for ids, and what is counted
 * of each webhook. Kept in memory between commits, which is sound because this process is the only writer.
 *
 * The counts are written to their tables (`webhook_counters`, `webhook_minutes`) only now and then. Until then each
 * commit adds one row to a journal, from which they are recalled after a crash or a rollback: a row or two for each
 * webhook that a commit touched was half of what it cost (docs/decisions/0009).
 */
export class Books {
  readonly #workspaces = new Map<string, number>()
  readonly #webhooks = new Map<number, Map<string, number>>()
  /** Filed as seldom as the counts are written, and for the same reason. */
  readonly history: WebhookHistory
  readonly #ledger: Ledger
  readonly #journal: Journal
  /** Whether memory has what the journal has. */
  #recalled = false
  /** How many `#webhooks` has. */
  #ids = 0
  readonly #webhooksMax: number
  readonly #findWorkspace
  readonly #addWorkspace
  readonly #findWebhook
  readonly #addWebhook

  constructor(db: DatabaseSync, webhooksMax = webhooksInMemoryMax) {
    this.#webhooksMax = webhooksMax
    this.history = new WebhookHistory(db)
    this.#ledger = new Ledger(db)
    this.#journal = new Journal(db)
    this.#findWorkspace = reader(db, "SELECT num FROM workspaces WHERE id = ?")
    this.#addWorkspace = reader(db, "INSERT INTO workspaces (id) VALUES (?) RETURNING num")
    this.#findWebhook = reader(db, "SELECT num FROM webhooks WHERE workspace = ? AND id = ?")
    this.#addWebhook = reader(db, "INSERT INTO webhooks (workspace, id) VALUES (?, ?) RETURNING num")
  }

  /** The number of a workspace; null when nothing was ever stored for it. */
  knownWorkspace(id: WorkspaceId): number | null {
    const cached = this.#workspaces.get(id)
    if (cached !== undefined) return cached
    const row = this.#findWorkspace.row(id)
    if (row === undefined) return null
    this.#workspaces.set(id, number(row[0]))
    return number(row[0])
  }

  workspace(id: WorkspaceId): number {
    const known = this.knownWorkspace(id)
    if (known !== null) return known
    const num = number(this.#addWorkspace.row(id)?.[0])
    this.#workspaces.set(id, num)
    return num
  }

  knownWebhook(workspace: number, id: WebhookId): number | null {
    const cached = this.#webhooks.get(workspace)?.get(id)
    if (cached !== undefined) return cached
    const row = this.#findWebhook.row(workspace, id)
    if (row === undefined) return null
    return this.#remember(workspace, id, number(row[0]))
  }

  webhook(workspace: number, id: WebhookId): number {
    return (
      this.knownWebhook(workspace, id) ??
      this.#remember(workspace, id, number(this.#addWebhook.row(workspace, id)?.[0]))
    )
  }

  #remember(workspace: number, id: WebhookId, num: number): number {
    let ids = this.#webhooks.get(workspace)
    if (ids === undefined) {
      ids = new Map()
      this.#webhooks.set(workspace, ids)
    }
    ids.set(id, num)
    this.#ids += 1
    return num
  }

  /** Of how many webhooks something is in memory. */
  get webhooks(): number {
    return Math.max(this.#ids, this.#ledger.webhooks)
  }

  /** The first act of a transaction that changes counts: those of commits before that are not written yet come back. */
  begin(): void {
    if (this.#recalled) return
    this.#ledger.reread()
    this.#journal.tell(this.#ledger)
    this.#recalled = true
  }

  /** A delivery was added. @returns its sequence. */
  added(webhook: number, atMs: number): number {
    const minute = minuteOf(atMs)
    this.#journal.added(webhook, minute)
    this.#ledger.added(webhook, minute)
    return this.#ledger.lastSequence(webhook)
  }

  /** A delivery went from one count to another. @param createdMs when it was added. */
  moved(webhook: number, createdMs: number, from: Bucket, to: Bucket): void {
    const minute = minuteOf(createdMs)
    this.#journal.moved(webhook, minute, from, to)
    this.#ledger.moved(webhook, minute, from, to)
  }

  /** A delivery that was no longer waiting was removed. @param createdMs when it was added. */
  removed(webhook: number, createdMs: number, from: Bucket): void {
    const minute = minuteOf(createdMs)
    this.#journal.removed(webhook, minute, from)
    this.#ledger.removed(webhook, minute, from)
  }

  /**
   * An attempt was made.
   *
   * @param atMs when it was settled.
   * @param latencyMs null for an attempt without a response.
   */
  attempted(webhook: number, madeMs: number, succeeded: boolean, atMs: number, latencyMs: number | null): void {
    const minute = minuteOf(madeMs)
    const step = latencyMs === null ? null : latencyStep(latencyMs)
    this.#journal.attempted(webhook, minute, succeeded, atMs, step)
    this.#ledger.attempted(webhook, minute, succeeded, atMs, step)
  }

  /** The last act of a transaction before its commit, or `write`: keeps what was counted in the journal. */
  keep(): void {
    if (this.#ledger.entries >= journalEntriesMax) this.write()
    else this.#journal.append()
  }

  /** Brings the tables up to date: the last act of a transaction, or whenever it reads or removes their rows. */
  write(): void {
    // First, for it frees pages: on a full disk the tables may need them.
    this.#journal.clear()
    this.#ledger.write()
    if (this.webhooks > this.#webhooksMax) this.reread()
  }

  /**
   * After a rollback, and after rows were removed: what is in memory may no longer be what is stored.
   * Within a transaction only after `write`.
   */
  reread(): void {
    this.#workspaces.clear()
    this.#webhooks.clear()
    this.#ids = 0
    this.history.reread()
    this.#ledger.reread()
    this.#journal.undo()
    this.#recalled = false
  }
}

/**
 * Brings the tables up to date with what a crash has left to be written, for whoever reads them without the server.
 *
 * @throws Error of SQLite's
 */
export function completeBooks(db: DatabaseSync): void {
  db.exec("BEGIN IMMEDIATE")
  try {
    const books = new Books(db)
    books.begin()
    books.write()
    books.history.file()
    db.exec("COMMIT")
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK")
    throw error
  }
}

/** A database that no server of this version has opened yet may lack the tables. */
export function hasBooksToComplete(db: DatabaseSync): boolean {
  return reader(db, "SELECT 1 FROM sqlite_schema WHERE name = 'webhook_history_due'").row() !== undefined
}
