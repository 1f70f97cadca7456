import type { DatabaseSync } from "node:sqlite"
import type { ReplayId, WorkspaceId } from "../../../domain/ids.ts"
import type { Replay } from "../../../domain/replay.ts"
import { reader, record } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

export type OneReplay = { readonly workspaceId: WorkspaceId; readonly id: ReplayId }

export function prepareReplay(db: DatabaseSync, visible: VisibleWorkspace): (query: OneReplay) => Replay | null {
  const find = reader(db, "SELECT record FROM replays WHERE workspace = ? AND id = ?")
  return ({ workspaceId, id }) => {
    const workspace = visible(workspaceId)
    const row = workspace === null ? undefined : find.row(workspace, id)
    return row === undefined ? null : record<Replay>(row[0])
  }
}

/** Replays not yet ended, oldest first. */
export function prepareOpenReplays(db: DatabaseSync): () => readonly Replay[] {
  const find = reader(
    db,
    `SELECT replays.record FROM replays JOIN workspaces ON workspaces.num = replays.workspace
     WHERE state = 'running' AND workspaces.deleted_ms IS NULL ORDER BY replays.created_ms, replays.id`,
  )
  return () => find.rows().map((row) => record<Replay>(row[0]))
}
