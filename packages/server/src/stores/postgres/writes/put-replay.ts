import type { ReplayId, WorkspaceId } from "../../../domain/ids.ts"
import type { Replay } from "../../../domain/replay.ts"
import { record } from "../columns.ts"
import type { Runner } from "../session.ts"

/** Writes a replay whole, new or known. */
export async function putReplay(run: Runner["run"], replay: Replay): Promise<void> {
  await run(
    `INSERT INTO replays (workspace_id, id, state, created_ms, updated_ms, record) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (workspace_id, id) DO UPDATE SET state = excluded.state, updated_ms = excluded.updated_ms,
       record = excluded.record`,
    [replay.workspaceId, replay.id, replay.state, replay.createdMs, replay.updatedMs, JSON.stringify(replay)],
  )
}

/** Ends one that runs, with what it has done by then. @returns it as it is now stored; null without one. */
export async function cancelReplay(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  id: ReplayId,
  atMs: number,
): Promise<Replay | null> {
  const [row] = await run("SELECT record FROM replays WHERE workspace_id = $1 AND id = $2 FOR UPDATE", [
    workspaceId,
    id,
  ])
  if (row === undefined) return null
  const now = record<Replay>(row)
  if (now.state !== "running") return now
  const cancelled: Replay = { ...now, state: "cancelled", updatedMs: atMs }
  await putReplay(run, cancelled)
  return cancelled
}
