import { asId, type WorkspaceId } from "../../domain/ids.ts"
import type { Replay } from "../../domain/replay.ts"
import type { ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"

/** @throws Problem `not_found`, also for another workspace's. */
export async function foundReplay(
  { store }: Pick<ApiParts, "store">,
  workspaceId: WorkspaceId,
  id: string,
): Promise<Replay> {
  const replay = await store.replay(workspaceId, asId(id))
  if (!replay) throw new Problem("not_found", { detail: "No replay of this workspace has this id." })
  return replay
}
