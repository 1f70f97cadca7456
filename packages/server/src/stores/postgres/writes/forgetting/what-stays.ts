/**
 * A delivery of `d` that retention keeps. `$1`: what ended before is past it. An end counts, not a beginning. What waits in
 * a workspace that is gone, because a node accepted it that had not heard of that, will never end.
 */
export const deliveryStays = `(coalesce(d.ended_ms, d.created_ms) >= $1
  OR d.state IN (0, 2) AND EXISTS (SELECT 1 FROM workspaces w WHERE w.workspace_id = d.workspace_id))`

/** A delivery of `d` that lies in another day than its event: the condition of its index, word for word. */
export const ofOtherDay = "d.event_minted_ms / 86400000 <> d.minted_ms / 86400000"
