import type { EventType } from "../../domain/workspace.ts"
import { withSchema } from "../schema-of-sample.ts"

/**
 * A CyberVault event's fields lie flat in `data`. Each type carries a severity: the event's own `severity`, else the
 * type's default, which is why that field alone may always be left out.
 */
export function flatEventType(
  entry: Omit<EventType, "schema" | "attributePaths">,
  where: { readonly resource: readonly string[]; readonly optional?: readonly string[] },
): EventType {
  const carriesResource = where.resource.length > 0
  return withSchema(
    { ...entry, attributePaths: { severity: ["severity"], ...(carriesResource && { resource_id: where.resource }) } },
    { coreLevels: 1, optional: ["severity", ...(where.optional ?? [])] },
  )
}
