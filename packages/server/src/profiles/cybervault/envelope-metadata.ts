import { memberTexts } from "../../domain/json-source.ts"
import type { EnvelopeParts } from "../profile.ts"

/** Stated when neither the event nor its workspace names a version; the one that the document prints. */
const defaultEngineVersion = "ai_v3.1"

type MetadataParts = Pick<EnvelopeParts, "id" | "workspaceId" | "engineVersion" | "idempotencyKey" | "metadata">

/**
 * The envelope's `metadata`: the document's three members, then the publisher's own, untouched. A publisher may state
 * another `engine_version` (a text), but never the workspace, and the idempotency key only by its own field.
 */
export function envelopeMetadata(parts: MetadataParts): string {
  let engineVersion = JSON.stringify(parts.engineVersion ?? defaultEngineVersion)
  let further = ""
  for (const [name, valueText] of parts.metadata === null ? [] : memberTexts(parts.metadata)) {
    switch (name) {
      case "engine_version":
        if (valueText.startsWith('"')) engineVersion = valueText
        break
      case "workspace_id":
      case "idempotency_key":
        break
      default:
        further += `,${JSON.stringify(name)}:${valueText}`
    }
  }
  const idempotencyKey = JSON.stringify(parts.idempotencyKey ?? generatedIdempotencyKey(parts.id))
  return `{"workspace_id":${JSON.stringify(parts.workspaceId)},"engine_version":${engineVersion},"idempotency_key":${idempotencyKey}${further}}`
}

/** As unique as the event's id and drawn from it alone: the receiver must see the same key however often the event is built. */
function generatedIdempotencyKey(eventId: string): string {
  return `idm_${eventId.replace(/^wh_/, "").replaceAll("-", "")}`
}
