import type { DatabaseSync } from "node:sqlite"
import type { ReplayId, WorkspaceId } from "../../../domain/ids.ts"
import type { Replay } from "../../../domain/replay.ts"
import type { Books } from "../books.ts"
import { reader, record, writer } from "../prepared.ts"

export type PutReplay = (replay: Replay) => void

/** Writes a replay whole, new or known. */
export function preparePutReplay(db: DatabaseSync, books: Books): PutReplay {
  const put = writer(
    db,
    "INSERT OR REPLACE INTO replays (workspace, id, state, created_ms, record) VALUES (?, ?, ?, ?, ?)",
  )
  return (replay) => {
    put(books.workspace(replay.workspaceId), replay.id, replay.state, replay.createdMs, JSON.stringify(replay))
  }
}

/** Ends one that runs, with what it has done by then. @returns it as it is now stored; null without one. */
export function prepareCancelReplay(
  db: DatabaseSync,
  books: Books,
  put: PutReplay,
): (which: { readonly workspaceId: WorkspaceId; readonly id: ReplayId; readonly atMs: number }) => Replay | null {
  const find = reader(db, "SELECT record FROM replays WHERE workspace = ? AND id = ?")
  return ({ workspaceId, id, atMs }) => {
    const workspace = books.knownWorkspace(workspaceId)
    const row = workspace === null ? undefined : find.row(workspace, id)
    if (row === undefined) return null
    const now = record<Replay>(row[0])
    if (now.state !== "running") return now
    const cancelled: Replay = { ...now, state: "cancelled", updatedMs: atMs }
    put(cancelled)
    return cancelled
  }
}
