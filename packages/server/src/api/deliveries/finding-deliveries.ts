import { asId, type WorkspaceId } from "../../domain/ids.ts"
import type { DeliveryRecord } from "../../ports/store.ts"
import type { ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"

/** @throws Problem `not_found`, also for another workspace's. */
export async function foundDelivery(
  { store }: Pick<ApiParts, "store">,
  workspaceId: WorkspaceId,
  id: string,
): Promise<DeliveryRecord> {
  const record = await store.delivery(workspaceId, asId(id))
  if (!record) throw new Problem("not_found", { detail: "No delivery of this workspace has this id." })
  return record
}
