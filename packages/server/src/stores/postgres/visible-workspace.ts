/** A condition on `$1`: a workspace that is deleted and not yet removed shows nothing. */
export const workspaceIsVisible =
  "NOT EXISTS (SELECT 1 FROM workspaces gone WHERE gone.workspace_id = $1 AND gone.deleted_ms IS NOT NULL)"
