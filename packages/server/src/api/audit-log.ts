import Type from "typebox"
import type { Actor, AuditRecord } from "../domain/audit.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import { pageAnswer, pageAsked } from "./paging.ts"
import { Closed, Nullable, OneOf, PageOf, pageQuery, Time } from "./schema-vocabulary.ts"
import { rfc3339 } from "./times.ts"

const AuditShown = Type.Object({
  id: Type.String(),
  workspace_id: Type.String(),
  at: Time,
  actor: Type.Object({
    kind: OneOf(["api_key", "admin", "engine"]),
    id: Nullable(Type.String()),
    name: Nullable(Type.String()),
  }),
  address: Nullable(Type.String({ description: "Where the request came from; null for the engine's own acts" })),
  action: Type.String(),
  subject: Type.String({ description: "The id of what was acted on" }),
  before: Type.Unknown({ description: "Secrets masked; null where there was nothing" }),
  after: Type.Unknown(),
})

export function auditLog(api: Api, { store }: ApiParts): void {
  api.get(
    "/v1/audit-log",
    {
      schema: {
        tags: ["audit log"],
        operationId: "listAuditLog",
        summary: "Who changed what, newest first",
        description:
          "With a workspace's key, which needs keys:write, that workspace's; with the admin key, everything.",
        querystring: Closed(pageQuery),
        response: { 200: PageOf(AuditShown) },
      },
      config: { access: "admin_or_key_manager" },
    },
    async (request) => {
      const { caller, query } = request
      const workspaceId = caller?.kind === "key" ? caller.key.workspaceId : null
      const found = await store.audit(workspaceId, pageAsked(query))
      return pageAnswer(query, found, ({ id }) => id, auditView)
    },
  )
}

function auditView(record: AuditRecord) {
  return {
    id: record.id,
    workspace_id: record.workspaceId,
    at: rfc3339(record.atMs),
    actor: actorView(record.actor),
    address: record.address,
    action: record.action,
    subject: record.subject,
    before: record.before,
    after: record.after,
  }
}

function actorView(actor: Actor) {
  return actor.kind === "api_key"
    ? { kind: actor.kind, id: actor.id, name: actor.name }
    : { kind: actor.kind, id: null, name: null }
}
