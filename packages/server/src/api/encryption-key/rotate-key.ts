import Type from "typebox"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry } from "../changing.ts"

const leftShownMax = 100

export const RotationShown = Type.Object({
  key_id: Type.String({ description: "Of the present key: 8 hex digits of its hash" }),
  made: Type.Boolean({ description: "Whether a new key was made; else TOCSIN_ENCRYPTION_KEY gave it" }),
  resealed: Type.Integer({ description: "Webhooks sealed anew" }),
  left: Type.Integer({ description: "Webhooks that another key still seals; repeat the request for them" }),
  left_webhooks: Type.Array(Type.Object({ workspace_id: Type.String(), id: Type.String() }), {
    description: `Which those are; the first ${leftShownMax} of more`,
  }),
})

export function rotateEncryptionKey(api: Api, parts: ApiParts): void {
  const { keyRotation, clock } = parts
  api.post(
    "/v1/encryption-key/rotation",
    {
      schema: {
        tags: ["instance"],
        operationId: "rotateEncryptionKey",
        summary: "Change the key that seals secrets at rest, and seal all of them anew",
        description:
          "A generated key is replaced by a new one in the data directory. Where TOCSIN_ENCRYPTION_KEY names several keys, the first seals from now on. Older keys stay readable.",
        response: { 200: RotationShown },
      },
      config: { access: "admin" },
    },
    async (request) => {
      const { keyId, made, resealed, left } = await keyRotation.rotate((workspaceId, webhooks, presentId) =>
        auditEntry(parts, request, clock.now(), {
          workspaceId,
          action: "encryption_key.rotated",
          subject: workspaceId,
          after: { key_id: presentId, webhooks },
        }),
      )
      const leftWebhooks = left.slice(0, leftShownMax).map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id }))
      return { key_id: keyId, made, resealed, left: left.length, left_webhooks: leftWebhooks }
    },
  )
}
