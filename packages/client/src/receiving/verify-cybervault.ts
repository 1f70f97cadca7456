import { checkBodySignature } from "./body-signature.ts"
import type { CyberVaultData } from "./cybervault-data.ts"
import type { CyberVaultEvents } from "./event-shapes.ts"
import type { VerifyOptions, WebhookMessage } from "./message.ts"
import { readEnvelope } from "./read-envelope.ts"
import { checkStandardSignature } from "./standard-signature.ts"

/** An event of a CyberVault workspace. `Own`: the workspace's own types with their data. */
export type CyberVaultEvent<Own = Record<never, never>> = CyberVaultEvents<CyberVaultData, Own>

/**
 * Verifies a delivery of a workspace with the profile `cybervault`: the document's `X-CyberVault-Signature`, and
 * `webhook-signature` with its timestamp, which alone keeps a recorded message from being accepted again later.
 *
 * @returns the event, with `type` beside the envelope's `event`. Deliveries may repeat: act once per `id`.
 * @throws WebhookRefused with the status to answer.
 */
export async function verifyCyberVault<Own = Record<never, never>>(
  message: WebhookMessage,
  options: VerifyOptions,
): Promise<CyberVaultEvent<Own>> {
  const { body } = await checkStandardSignature(message, options)
  await checkBodySignature(message, options, "X-CyberVault-Signature", "")
  const envelope = readEnvelope(body, ["id", "event", "timestamp"])
  // Signed, so it is what Tocsin sent, and Tocsin sends no `data` that its type's schema refuses.
  return { ...envelope, type: envelope.event } as CyberVaultEvent<Own>
}
