import { Readable } from "node:stream"
import type { FastifyRequest } from "fastify"
import Type from "typebox"
import type { AuditRecord } from "../domain/audit.ts"
import { ChainCheck, canonicalJson, exportedRecord } from "../domain/audit-chain.ts"
import { asId, type WorkspaceId } from "../domain/ids.ts"
import type { Store } from "../ports/store.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import { pageAnswer, pageAsked } from "./paging.ts"
import { Problem } from "./problems.ts"
import { Closed, idPattern, Nullable, OneOf, PageOf, pageQuery, Time } from "./schema-vocabulary.ts"

export const AuditShown = Type.Object({
  id: Type.String(),
  workspace_id: Type.String(),
  sequence: Type.Integer({ description: "The place in the workspace's chain, from 1; 0 for one from before it" }),
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
  previous_hash: Type.String({ description: "Of the record before; 64 zeros for the first" }),
  hash: Type.String({ description: "SHA-256, hex, of the RFC 8785 form of all the other members" }),
})

export const ChainShown = Type.Object({
  workspace_id: Type.String(),
  intact: Type.Boolean(),
  records: Type.Integer({ description: "How many check out, from the first on" }),
  head: Type.String({ description: "Hash of the last of those; keep it elsewhere to compare later" }),
  broken_at: Nullable(Type.Integer({ description: "The sequence where the chain breaks" })),
  because: Nullable(OneOf(["missing", "altered", "misplaced"])),
})

const chainQuery = {
  workspace_id: Type.Optional(
    Type.String({ pattern: idPattern, description: "Required with the admin key; each workspace has its own chain" }),
  ),
}

const stepRecords = 500

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
      return pageAnswer(query, found, ({ id }) => id, exportedRecord)
    },
  )
}

export function auditExport(api: Api, { store }: ApiParts): void {
  api.get(
    "/v1/audit-log/export",
    {
      schema: {
        tags: ["audit log"],
        operationId: "exportAuditLog",
        summary: "The whole audit log of a workspace, oldest first, a record a line",
        description:
          "Each line is a record in its RFC 8785 form. Without its `hash` member it is what that hash covers, so the chain can be checked without this server.",
        querystring: Closed(chainQuery),
        response: {
          200: {
            description: "Lines of JSON",
            content: { "application/x-ndjson": { schema: Type.Unsafe<Readable>({ type: "string" }) } },
          },
        },
      },
      config: { access: "admin_or_key_manager" },
    },
    async (request, reply) => {
      const workspaceId = chainOf(request)
      return reply.type("application/x-ndjson").send(Readable.from(lines(store, workspaceId)))
    },
  )
}

export function auditVerification(api: Api, { store }: ApiParts): void {
  api.get(
    "/v1/audit-log/verification",
    {
      schema: {
        tags: ["audit log"],
        operationId: "verifyAuditLog",
        summary: "Whether a workspace's audit log is as it was written",
        description:
          "Reads all of it. A removed, altered or moved record shows, unless everything after it was made anew: against that, compare `head` with one kept elsewhere.",
        querystring: Closed(chainQuery),
        response: { 200: ChainShown },
      },
      config: { access: "admin_or_key_manager" },
    },
    async (request) => {
      const workspaceId = chainOf(request)
      // Before the records: one that is appended meanwhile must not look like one that the head lacks.
      const head = await store.auditHead(workspaceId)
      const check = new ChainCheck()
      for await (const record of chain(store, workspaceId)) {
        if (head !== null && record.sequence > head.sequence) break
        check.take(record)
      }
      const { records, hash, flaw } = check.end(head)
      return {
        workspace_id: workspaceId,
        intact: flaw === null,
        records,
        head: hash,
        broken_at: flaw?.sequence ?? null,
        because: flaw?.because ?? null,
      }
    },
  )
}

/** The workspace whose chain is asked for. @throws Problem */
function chainOf({
  caller,
  query,
}: Pick<FastifyRequest, "caller"> & { query: { workspace_id?: string } }): WorkspaceId {
  const { workspace_id: asked } = query
  if (caller?.kind === "key") {
    if (asked !== undefined && asked !== caller.key.workspaceId) throw new Problem("not_found")
    return caller.key.workspaceId
  }
  if (asked !== undefined) return asId(asked)
  throw new Problem("query_invalid", {
    errors: [{ pointer: "/workspace_id", detail: "is required with the admin key: each workspace has its own chain" }],
  })
}

async function* chain(store: Pick<Store, "auditChain">, workspaceId: WorkspaceId): AsyncGenerator<AuditRecord> {
  for (let after = 0; ; ) {
    const step = await store.auditChain(workspaceId, after, stepRecords)
    yield* step
    if (step.length < stepRecords) return
    // By the records' places, not their own word, which may have been tampered with.
    after = Math.max(after + 1, step.at(-1)?.sequence ?? 0)
  }
}

async function* lines(store: Pick<Store, "auditChain">, workspaceId: WorkspaceId): AsyncGenerator<string> {
  for await (const record of chain(store, workspaceId)) yield `${canonicalJson(exportedRecord(record))}\n`
}
