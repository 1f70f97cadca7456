import { createRequire } from "node:module"
import express, { type Router } from "express"
import { type Handler, received } from "./received.ts"

type Verify = (payload: Buffer, signature: string, secret: string) => boolean
const require = createRequire(import.meta.url)
const verifyWebhook: Verify = require("./verification/cybervault.cjs")

/** 32 bytes in hex. */
const signatureLength = 64

/** An Express receiver for the `cybervault` profile: 200 or 201 within 5 seconds. */
export function cybervaultReceiver(secret: string, handler: Handler): Router {
  const app = express.Router()
  // The limit: events may carry 256 KiB of data, and Express takes 100 kB unless told.
  const rawBody = express.raw({ type: "application/json", limit: "1mb" })
  app.use("/webhooks/cybervault", rawBody, (req, res) => {
    const payload: unknown = req.body
    const signature = req.get("x-cybervault-signature") ?? ""
    // timingSafeEqual throws when lengths differ: a header cut short is a wrong signature, not a fault of ours.
    if (!Buffer.isBuffer(payload) || signature.length !== signatureLength) {
      handler.refused("a body in JSON or a whole X-CyberVault-Signature is missing")
      return res.status(400).send("Bad request")
    }
    if (!verifyWebhook(payload, signature, secret)) {
      handler.refused("X-CyberVault-Signature does not sign this body with this secret: is it the webhook's?")
      return res.status(401).send("Unauthorized")
    }
    const event = JSON.parse(payload.toString())
    try {
      handler.verified(received(req, "x-cybervault", event.id, event.event))
    } catch {
      return res.status(503).send("Try again later")
    }
    return res.status(200).send("OK")
  })
  return app
}
