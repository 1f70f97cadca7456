import { createRequire } from "node:module"
import express, { type Router } from "express"
import { type Handler, received } from "./received.ts"

type Verify = (payload: Buffer, signature: string, secret: string) => boolean
const require = createRequire(import.meta.url)
const verifyWebhookSignature: Verify = require("./verification/policycortex.cjs")

/** `sha256=` and 32 bytes in hex. */
const signatureLength = 71

/** An Express receiver for the `policycortex` profile. */
export function policycortexReceiver(secret: string, handler: Handler): Router {
  const app = express.Router()
  // The limit: events may carry 256 KiB of data, and Express takes 100 kB unless told.
  const rawBody = express.raw({ type: "application/json", limit: "1mb" })
  app.use("/webhooks/policycortex", rawBody, (req, res) => {
    const payload: unknown = req.body
    const signature = req.get("x-policycortex-signature") ?? ""
    // timingSafeEqual throws when lengths differ: a header cut short is a wrong signature, not a fault of ours.
    if (!Buffer.isBuffer(payload) || signature.length !== signatureLength) {
      handler.refused("a body in JSON or a whole X-PolicyCortex-Signature is missing")
      return res.status(400).send("Bad request")
    }
    if (!verifyWebhookSignature(payload, signature, secret)) {
      handler.refused("X-PolicyCortex-Signature does not sign this body with this secret: is it the webhook's?")
      return res.status(401).send("Unauthorized")
    }
    const event = JSON.parse(payload.toString())
    try {
      handler.verified(received(req, "x-policycortex", event.id, event.type))
    } catch {
      return res.status(503).send("Try again later")
    }
    return res.status(200).send("OK")
  })
  return app
}
