import { createHmac, timingSafeEqual } from "node:crypto"
import { readFileSync } from "node:fs"

/** Checks X-PolicyCortex-Signature or X-CyberVault-Signature: HMAC-SHA256 over the raw body, in hex. */
export function verifyBody(secret, signature, rawBody) {
  const expected = createHmac("sha256", secret).update(rawBody).digest()
  const given = Buffer.from(signature.replace(/^sha256=/, ""), "hex")
  // timingSafeEqual throws on different lengths.
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Checks webhook-signature (every profile sends it); the signed time keeps recorded messages from being sent again. */
export function verifyStandard(secret, id, timestamp, signatures, rawBody) {
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp))
  if (!(ageSeconds <= 300)) return false
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret)
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(rawBody).digest()
  // Several during a change of secret, separated by spaces: one must fit.
  return signatures.split(" ").some((each) => {
    const given = Buffer.from(each.slice(3), "base64")
    return each.startsWith("v1,") && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

// Try it: WEBHOOK_SECRET=… node verify.mjs <webhook-id> <webhook-timestamp> <webhook-signature> [X-…-Signature] < body
const [id, timestamp, signatures, own] = process.argv.slice(2)
const secret = process.env.WEBHOOK_SECRET
const rawBody = readFileSync(0)
const verified =
  verifyStandard(secret, id, timestamp, signatures, rawBody) && (own === undefined || verifyBody(secret, own, rawBody))
console.log(verified ? "verified" : "refused")
process.exit(verified ? 0 : 1)
