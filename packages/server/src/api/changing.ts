import type { FastifyRequest } from "fastify"
import type { AuditEntry } from "../domain/audit.ts"
import { asId, type WorkspaceId } from "../domain/ids.ts"
import type { Change } from "../registry/registry.ts"
import { actorOf } from "./access.ts"
import type { ApiParts } from "./api-parts.ts"
import { Problem } from "./problems.ts"

/** What a request decided to change, with what the audit log will say of it. */
export type Decision<Result> = {
  readonly changes: readonly Change[]
  readonly audit: AuditEntry
  readonly result: Result
}

const triesMax = 5

/**
 * Makes a change of configuration durable. `decide` is called again, on what then holds, when another writer was
 * first; it may throw a Problem.
 *
 * @throws Problem `conflict` when others are always first.
 */
export async function change<Result>(
  { registry }: Pick<ApiParts, "registry">,
  decide: () => Decision<Result> | Promise<Decision<Result>>,
): Promise<Result> {
  for (let tries = 1; tries <= triesMax; tries++) {
    const { changes, audit, result } = await decide()
    if ((await registry.change(changes, [audit])) === "done") return result
    // The other writer may be another node, whose change this one has not been told of yet.
    await registry.reload()
  }
  throw new Problem("conflict")
}

/** @param what with secrets masked. */
export function auditEntry(
  { mint }: Pick<ApiParts, "mint">,
  request: Pick<FastifyRequest, "caller" | "ip">,
  nowMs: number,
  what: Pick<AuditEntry, "action" | "subject"> & {
    workspaceId: WorkspaceId
    before?: unknown
    after?: unknown
  },
): AuditEntry {
  return {
    id: asId(`aud_${mint.next(nowMs)}`),
    workspaceId: what.workspaceId,
    atMs: nowMs,
    actor: actorOf(request),
    address: request.ip,
    action: what.action,
    subject: what.subject,
    before: what.before ?? null,
    after: what.after ?? null,
  }
}
