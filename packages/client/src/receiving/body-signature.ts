import { bodyBytes, secretsOf, type VerifyOptions, type WebhookMessage } from "./message.ts"
import { requiredHeader } from "./received-headers.ts"
import { WebhookRefused } from "./refusal.ts"
import { hexBytes, signedByAny, typedKey } from "./signature-check.ts"

/**
 * Checks a document's own signature header: HMAC-SHA256 of the raw body in hex, keyed with the secret as typed.
 *
 * @param prefix what stands before the hex, such as `sha256=`.
 * @throws WebhookRefused
 */
export async function checkBodySignature(
  message: WebhookMessage,
  options: VerifyOptions,
  header: string,
  prefix: string,
): Promise<void> {
  const keys = secretsOf(options).map(typedKey)
  const body = bodyBytes(message.body)
  const value = requiredHeader(message.headers, header)
  const signature = value.startsWith(prefix) ? hexBytes(value.slice(prefix.length)) : null
  if (!(await signedByAny(keys, [signature], body))) {
    throw new WebhookRefused(
      "signature_mismatch",
      `${header} is not by this secret over this body. Compare the secret with the webhook's, and verify the body as it came.`,
    )
  }
}
