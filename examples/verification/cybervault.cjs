// The verification that CyberVault's document prints, in this repository's formatting.
const crypto = require("node:crypto")
function verifyWebhook(payload, signature, secret) {
  const hmac = crypto.createHmac("sha256", secret)
  const digest = hmac.update(payload).digest("hex")
  return crypto.timingSafeEqual(Buffer.from(digest), Buffer.from(signature))
}
module.exports = verifyWebhook
