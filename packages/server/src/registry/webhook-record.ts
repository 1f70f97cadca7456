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
})
const confidential = Compile(Confidential)

/** What leaves memory: secrets and headers (they often hold credentials) in one sealed text. */
export function toStored(webhook: Webhook, sealing: Sealing): StoredWebhook {
  const { secrets, headers, ...open } = webhook
  return { ...open, sealed: sealing.seal(JSON.stringify({ secrets, headers })) }
}

export function fromStored(stored: StoredWebhook, sealing: Sealing): Webhook {
  const { sealed, ...open } = stored
  const { secrets, headers } = confidential.Parse(JSON.parse(sealing.open(sealed)))
  return { ...open, secrets, headers }
}
