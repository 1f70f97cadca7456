import type { WorkspaceId } from "../domain/ids.ts"
import type { ApiParts } from "./api-parts.ts"
import { Problem } from "./problems.ts"

/** How many of each a workspace may have: all of it is kept in memory, and whatever is deleted no longer counts. */
export type WorkspaceCaps = { readonly webhooks: number; readonly apiKeys: number; readonly eventTypes: number }

/** Twice what has been measured in one workspace (docs/benchmarks.md), and more keys and types than people name. */
export const workspaceCaps: WorkspaceCaps = { webhooks: 20_000, apiKeys: 1_000, eventTypes: 2_000 }

const named: Readonly<Record<keyof WorkspaceCaps, string>> = {
  webhooks: "webhooks",
  apiKeys: "API keys that are neither revoked nor expired",
  eventTypes: "event types of its own",
}

/**
 * Requests that are under way at once, here or on other nodes, do not count each other: each may go one beyond. Nor is
 * an import held to it, for a workspace that has more by then only gets no others.
 *
 * @throws Problem where the workspace has all that it may have.
 */
export function refuseBeyond(
  { registry, clock, limits }: Pick<ApiParts, "registry" | "clock" | "limits">,
  workspaceId: WorkspaceId,
  kind: keyof WorkspaceCaps,
): void {
  const max = limits.perWorkspace[kind]
  if (registry.counts(workspaceId, clock.now())[kind] < max) return
  throw new Problem("workspace_full", {
    detail: `A workspace may have ${max} ${named[kind]}. Delete what is no longer used.`,
  })
}
