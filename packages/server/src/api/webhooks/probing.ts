import type { Probe } from "../../dispatch/probe.ts"
import type { WorkspaceId } from "../../domain/ids.ts"
import { Problem } from "../problems.ts"

/** They go out at once, beside all that bounds deliveries, and each may take as long as an attempt. */
const perWorkspaceMax = 20

/** @throws Problem `rate_limited` when the workspace has as many tests and verifications under way as it may. */
export function mayProbe(probe: Pick<Probe, "underWay">, workspaceId: WorkspaceId): void {
  if (probe.underWay(workspaceId) < perWorkspaceMax) return
  throw new Problem("rate_limited", {
    detail: `This workspace has ${perWorkspaceMax} tests and verifications under way already.`,
    headers: { "retry-after": "5" },
  })
}
