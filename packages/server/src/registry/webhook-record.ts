import Type from "typebox"
import { Compile } from "typebox/compile"
import type { Webhook } from "../domain/webhook.ts"
import type { StoredWebhook } from "../ports/store.ts"

/** What the registry needs of sealing; `secrets/sealing.ts` is the real one. */
export type Sealing = { seal(clear: string): string; open(sealed: string): string }

const Confidential = Type.Object({
  secrets: Type.Object({
    current: Type.String(),
    previous: Type.Union([Type.Null(), Type.Object({ secret: Type.String(), untilMs: Type.Number() })]),
  }),
  headers: Type.Record(Type.String(), Type.String()),
  // Absent from what was sealed before there were these.
  authorization: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({ kind: Type.Literal("static"), value: Type.String() }),
      Type.Object({
        kind: Type.Literal("client_credentials"),
        tokenUrl: Type.String(),
        clientId: Type.String(),
        clientSecret: Type.String(),
        scope: Type.Union([Type.Null(), Type.String()]),
        audience: Type.Union([Type.Null(), Type.String()]),
        clientAuthentication: Type.Union([Type.Literal("basic"), Type.Literal("body")]),
      }),
    ]),
  ),
  tls: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({
        client: Type.Union([Type.Null(), Type.Object({ certificate: Type.String(), key: Type.String() })]),
        authority: Type.Union([Type.Null(), Type.String()]),
      }),
    ]),
  ),
})
const confidential = Compile(Confidential)

const nothingConfidential = {
  secrets: { current: "", previous: null },
  headers: {},
  authorization: null,
  tls: null,
} as const satisfies Partial<Webhook>

/** A deleted webhook needs its credentials for nothing: not the tombstone, and no attempt, which began with them. */
export function withoutCredentials(webhook: Webhook): Webhook {
  return { ...webhook, ...nothingConfidential }
}

/**
 * What leaves memory: secrets, headers (they often hold credentials) and other credentials in one sealed text; of a
 * deleted webhook nothing of these.
 */
export function toStored(webhook: Webhook, sealing: Sealing): StoredWebhook {
  const { secrets, headers, authorization, tls, ...open } = webhook
  if (webhook.deletedMs !== null) return { ...open, sealed: null }
  return { ...open, sealed: sealing.seal(JSON.stringify({ secrets, headers, authorization, tls })) }
}

export function fromStored(stored: StoredWebhook, sealing: Sealing): Webhook {
  const { sealed, ...open } = stored
  if (sealed === null) return { ...open, ...nothingConfidential }
  const { authorization = null, tls = null, ...rest } = confidential.Parse(JSON.parse(sealing.open(sealed)))
  return { ...open, ...rest, authorization, tls }
}
