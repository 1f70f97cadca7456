import type { StandardEvents } from "./event-shapes.ts"
import type { VerifyOptions, WebhookMessage } from "./message.ts"
import { readEnvelope } from "./read-envelope.ts"
import { checkStandardSignature } from "./standard-signature.ts"

/** An event of a workspace with the profile `standard`. `Own`: its types with their data. */
export type StandardEvent<Own = { readonly [type: string]: unknown }> = StandardEvents<Own>

/**
 * Verifies a delivery of a workspace with the profile `standard`: plain Standard Webhooks.
 *
 * @returns the event, with `webhook-id` as its `id`. Deliveries may repeat: act once per `id`.
 * @throws WebhookRefused with the status to answer.
 */
export async function verifyStandard<Own = { readonly [type: string]: unknown }>(
  message: WebhookMessage,
  options: VerifyOptions,
): Promise<StandardEvent<Own>> {
  const { id, body } = await checkStandardSignature(message, options)
  const envelope = readEnvelope(body, ["type", "timestamp"])
  // Signed, so it is what Tocsin sent, and Tocsin sends no `data` that its type's schema refuses.
  return { ...envelope, id } as StandardEvent<Own>
}
