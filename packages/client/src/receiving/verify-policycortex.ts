import { checkBodySignature } from "./body-signature.ts"
import type { PolicyCortexEvents } from "./event-shapes.ts"
import type { VerifyOptions, WebhookMessage } from "./message.ts"
import type { PolicyCortexData } from "./policycortex-data.ts"
import { readEnvelope } from "./read-envelope.ts"
import { checkStandardSignature } from "./standard-signature.ts"

/** An event of a PolicyCortex workspace. `Own`: the workspace's own types with their data. */
export type PolicyCortexEvent<Own = Record<never, never>> = PolicyCortexEvents<PolicyCortexData, Own>

/**
 * Verifies a delivery of a workspace with the profile `policycortex`: the document's `X-PolicyCortex-Signature`, and
 * `webhook-signature` with its timestamp, which alone keeps a recorded message from being accepted again later.
 *
 * @returns the event. Deliveries may repeat: act once per `id`.
 * @throws WebhookRefused with the status to answer.
 */
export async function verifyPolicyCortex<Own = Record<never, never>>(
  message: WebhookMessage,
  options: VerifyOptions,
): Promise<PolicyCortexEvent<Own>> {
  const { body } = await checkStandardSignature(message, options)
  await checkBodySignature(message, options, "X-PolicyCortex-Signature", "sha256=")
  const envelope = readEnvelope(body, ["id", "type", "created"])
  // Signed, so it is what Tocsin sent, and Tocsin sends no `data` that its type's schema refuses.
  return envelope as PolicyCortexEvent<Own>
}
