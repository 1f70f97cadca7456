import type { Replay } from "../../../domain/replay.ts"
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
