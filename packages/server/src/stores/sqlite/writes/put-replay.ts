import type { DatabaseSync } from "node:sqlite"
import type { Replay } from "../../../domain/replay.ts"
import type { Books } from "../books.ts"
import { writer } from "../prepared.ts"

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
