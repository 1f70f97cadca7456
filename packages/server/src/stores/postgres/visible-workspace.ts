/** A condition: a workspace that is deleted and not yet removed shows nothing. @param workspaceId a name in the statement. */
export function isVisible(workspaceId: string): string {
  return `NOT EXISTS (SELECT 1 FROM workspaces gone WHERE gone.workspace_id = ${workspaceId} AND gone.deleted_ms IS NOT NULL)`
}

export const workspaceIsVisible = isVisible("$1")
