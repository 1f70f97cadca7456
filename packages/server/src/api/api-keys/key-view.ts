import Type from "typebox"
import { type ApiKey, scopes } from "../../domain/workspace.ts"
import { Nullable, OneOf, Time } from "../schema-vocabulary.ts"
import { rfc3339, rfc3339OrNull } from "../times.ts"

export const Scope = OneOf(scopes)

const key = {
  id: Type.String(),
  name: Type.String(),
  prefix: Type.String({ description: "The key's first characters" }),
  scopes: Type.Array(Scope),
  created: Time,
  expires_at: Nullable(Time),
  revoked_at: Nullable(Time),
  last_used: Nullable(Time),
}

export const KeyShown = Type.Object(key)
export const KeyCreated = Type.Object({ ...key, key: Type.String({ description: "Shown only this once" }) })

export function keyView(apiKey: ApiKey, lastUsedMs: number | null) {
  return {
    id: apiKey.id,
    name: apiKey.name,
    prefix: apiKey.prefix,
    scopes: [...apiKey.scopes],
    created: rfc3339(apiKey.createdMs),
    expires_at: rfc3339OrNull(apiKey.expiresMs),
    revoked_at: rfc3339OrNull(apiKey.revokedMs),
    last_used: rfc3339OrNull(lastUsedMs),
  }
}
