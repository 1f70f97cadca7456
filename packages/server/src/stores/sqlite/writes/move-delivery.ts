import type { DatabaseSync } from "node:sqlite"
import type { ExhaustedBecause } from "../../../domain/delivery.ts"
import type { Books } from "../books.ts"
import { number, reader, writer } from "../prepared.ts"
import { bucket, code } from "../states.ts"

/** The part of a delivery that changes with its state. */
export type Position = {
  readonly webhook: number
  readonly state: number
  readonly attempts: number
  readonly createdMs: number
  readonly dueMs: number | null
  readonly endedMs: number | null
}

export type Move = {
  readonly state: number
  readonly attempts: number
  readonly dueMs: number | null
  readonly endedMs: number | null
  readonly because: ExhaustedBecause | null
}

/** Where deliveries are, and moving them from there with the counters kept in step. */
export type Deliveries = {
  find(workspace: number, id: string): Position | null
  move(workspace: number, id: string, from: Position, to: Move): void
}

export function prepareDeliveries(db: DatabaseSync, books: Books): Deliveries {
  const find = reader(
    db,
    "SELECT webhook, state, attempts, created_ms, due_ms, ended_ms FROM deliveries WHERE workspace = ? AND id = ?",
  )
  const move = writer(
    db,
    "UPDATE deliveries SET state = ?, attempts = ?, due_ms = ?, ended_ms = ?, because = ? WHERE workspace = ? AND id = ?",
  )
  return {
    find(workspace, id) {
      const row = find.row(workspace, id)
      if (row === undefined) return null
      return {
        webhook: number(row[0]),
        state: number(row[1]),
        attempts: number(row[2]),
        createdMs: number(row[3]),
        dueMs: row[4] === null ? null : number(row[4]),
        endedMs: row[5] === null ? null : number(row[5]),
      }
    },
    move(workspace, id, from, to) {
      move(to.state, to.attempts, to.dueMs, to.endedMs, to.because, workspace, id)
      recount(books, from, to)
    },
  }
}

/** Keeps the webhook's counters in step with a delivery that moved. */
export function recount(books: Books, from: Position, to: Pick<Move, "state" | "attempts">): void {
  const before = bucket(from.state, from.attempts)
  const after = bucket(to.state, to.attempts)
  if (before !== after) books.moved(from.webhook, from.createdMs, before, after)
}

export const cancelled = (from: Position, atMs: number): Move => ({
  state: code.cancelled,
  attempts: from.attempts,
  dueMs: null,
  endedMs: atMs,
  because: null,
})
