import express, { type Router } from "express"
import { Webhook } from "standardwebhooks"
import { type Handler, received } from "./received.ts"

/** An Express receiver for the `standard` profile, with the library of the Standard Webhooks project. */
export function standardReceiver(secret: string, handler: Handler): Router {
  const app = express.Router()
  // The limit: events may carry 256 KiB of data, and Express takes 100 kB unless told.
  const rawBody = express.raw({ type: "application/json", limit: "1mb" })
  // A secret of your own choosing signs as it is written; one with `whsec_` is base64.
  const webhook = secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(secret, { format: "raw" })
  app.use("/webhooks/standard", rawBody, (req, res) => {
    const payload: unknown = req.body
    if (!Buffer.isBuffer(payload)) {
      handler.refused("a body in JSON is missing")
      return res.status(400).send("Bad request")
    }
    try {
      webhook.verify(payload, {
        "webhook-id": req.get("webhook-id") ?? "",
        "webhook-timestamp": req.get("webhook-timestamp") ?? "",
        "webhook-signature": req.get("webhook-signature") ?? "",
      })
    } catch (error) {
      handler.refused(`webhook-signature: ${error instanceof Error ? error.message : String(error)}`)
      return res.status(401).send("Unauthorized")
    }
    const event = JSON.parse(payload.toString())
    try {
      handler.verified(received(req, "webhook", req.get("webhook-id"), event.type))
    } catch {
      return res.status(503).send("Try again later")
    }
    return res.status(200).send("OK")
  })
  return app
}
