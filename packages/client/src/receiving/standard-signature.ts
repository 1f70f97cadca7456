import { bodyBytes, checkTimestamp, secretsOf, type VerifyOptions, type WebhookMessage } from "./message.ts"
import { requiredHeader } from "./received-headers.ts"
import { WebhookRefused } from "./refusal.ts"
import { base64Bytes, signedByAny, standardKey } from "./signature-check.ts"

// A rotation sends two. A stranger's header with hundreds must not buy hundreds of HMACs.
const signaturesMax = 10

/** What a message has proved. */
export type Signed = { readonly id: string; readonly body: Uint8Array<ArrayBuffer> }

/**
 * Checks `webhook-id`, `webhook-timestamp` and `webhook-signature`: that a holder of the secret signed this body, under
 * this id, just now. Source: Standard Webhooks, "Signature scheme".
 *
 * @throws WebhookRefused
 */
export async function checkStandardSignature(message: WebhookMessage, options: VerifyOptions): Promise<Signed> {
  const keys = secretsOf(options).map(standardKey)
  const body = bodyBytes(message.body)
  const id = requiredHeader(message.headers, "webhook-id")
  const timestamp = requiredHeader(message.headers, "webhook-timestamp")
  const signatures = requiredHeader(message.headers, "webhook-signature")
  checkTimestamp(timestamp, options)
  if (!(await signedByAny(keys, versionOne(signatures), signedBytes(id, timestamp, body)))) {
    throw new WebhookRefused(
      "signature_mismatch",
      "No signature in webhook-signature is by this secret over this body. Compare the secret with the webhook's, and verify the body as it came.",
    )
  }
  return { id, body }
}

/** The `v1` signatures of the space-delimited list; other versions are other schemes, which this does not read. */
function versionOne(header: string) {
  return header
    .split(" ")
    .filter((each) => each.startsWith("v1,"))
    .slice(0, signaturesMax)
    .map((each) => base64Bytes(each.slice("v1,".length)))
}

function signedBytes(id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const before = new TextEncoder().encode(`${id}.${timestamp}.`)
  const bytes = new Uint8Array(before.length + body.length)
  bytes.set(before)
  bytes.set(body, before.length)
  return bytes
}
