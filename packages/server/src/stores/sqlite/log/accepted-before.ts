import type { DatabaseSync } from "node:sqlite"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { KeyedEvent } from "../../../ports/store.ts"
import { prepareKeyedEvent } from "../keyed-events.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

/** What idempotency keys stand for; see `Store.acceptedBefore`. */
export function prepareAcceptedBefore(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (asked: { readonly workspaceId: WorkspaceId; readonly keys: readonly string[] }) => readonly KeyedEvent[] {
  const find = prepareKeyedEvent(db)
  return ({ workspaceId, keys }) => {
    const workspace = visible(workspaceId)
    return workspace === null ? [] : keys.flatMap((key) => find(workspace, key) ?? [])
  }
}
