// The verification that PolicyCortex's document prints, in this repository's formatting.
const crypto = require("node:crypto")
function verifyWebhookSignature(payload, signature, secret) {
  const expectedSignature = crypto.createHmac("sha256", secret).update(payload, "utf8").digest("hex")
  const computedSignature = "sha256=" + expectedSignature
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(computedSignature))
}
module.exports = verifyWebhookSignature
