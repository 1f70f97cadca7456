import type { WorkspaceId } from "../../domain/ids.ts"
import type { CustomEventType, JsonSchema } from "../../domain/workspace.ts"
import type { Registry } from "../../registry/registry.ts"
import type { ApiParts } from "../api-parts.ts"
import { Problem, refuseIfFlawed, retryAfter } from "../problems.ts"

export type OwnTypeInput = {
  readonly group?: string
  readonly description?: string
  readonly severity?: string | null
  readonly schema?: JsonSchema | null
  readonly sample?: object | null
}

/** A larger one would make each event's check slow. */
const schemaCharactersMax = 64 * 1024

/** A type as its input describes it: what is left out is empty. */
export function ownType(
  input: OwnTypeInput,
  about: Pick<CustomEventType, "workspaceId" | "name" | "createdMs" | "version">,
): CustomEventType {
  return {
    ...about,
    group: input.group ?? about.name.split(".", 1)[0] ?? about.name,
    description: input.description ?? "",
    severity: input.severity ?? null,
    schema: input.schema ?? null,
    sample: input.sample ?? null,
  }
}

/** @throws Problem when the schema or the sample cannot be used, or cannot be looked at now. */
export function refuseUnusable(
  ownSchemas: ApiParts["ownSchemas"],
  workspaceId: WorkspaceId,
  { schema = null, sample = null }: OwnTypeInput,
): void {
  if (schema === null) return
  if (JSON.stringify(schema).length > schemaCharactersMax) {
    refuseIfFlawed([{ pointer: "/schema", detail: `must not be over ${schemaCharactersMax} characters` }])
  }
  const verdict = ownSchemas.registration(workspaceId, schema, sample)
  switch (verdict.is) {
    case "fit":
      return
    case "unfit":
      return refuseIfFlawed([verdict.flaw])
    case "tooSoon":
      throw new Problem("rate_limited", {
        detail: "This workspace's schemas took long to compile or check, so that no more are looked at for a while.",
        headers: retryAfter(verdict.waitMs),
      })
  }
}

/** @throws Problem for one that is unknown, or the profile's. */
export function foundOwnType(registry: Registry, workspaceId: WorkspaceId, name: string): CustomEventType {
  const type = registry.customEventType(workspaceId, name)
  if (type) return type
  if (registry.eventTypes(workspaceId).has(name)) throw new Problem("event_type_built_in")
  throw new Problem("not_found", { detail: "This workspace has no event type of this name." })
}
