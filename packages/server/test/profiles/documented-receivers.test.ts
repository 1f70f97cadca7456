import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { createRequire } from "node:module"
import express from "express"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { profileByName } from "../../src/profiles/by-name.ts"
import { newStandardSecret } from "../../src/profiles/signing.ts"
import { attemptToSign, receivedHeaders } from "./attempt-to-sign.ts"

type Verify = (payload: Buffer | string, signature: string, secret: string) => boolean

// Plain CommonJS, as printed: written over in TypeScript it would no longer be what customers have pasted.
const require = createRequire(import.meta.url)
const verifyWebhookSignature: Verify = require("../fixtures/documents/policycortex-verification.cjs")
const verifyWebhook: Verify = require("../fixtures/documents/cybervault-verification.cjs")

const receivers = {
  policycortex: { verify: verifyWebhookSignature, header: "x-policycortex-signature" },
  cybervault: { verify: verifyWebhook, header: "x-cybervault-signature" },
} as const

const bodyParsers = {
  raw: express.raw({ type: "application/json" }),
  text: express.text({ type: "application/json" }),
} as const

type Profile = keyof typeof receivers
type BodyAs = keyof typeof bodyParsers

/** The secret of the receiver that is being asked. */
let receiverSecret = ""
const bodiesSeen: unknown[] = []
let server: Server
let origin = ""

beforeAll(async () => {
  const app = express()
  for (const profile of ["policycortex", "cybervault"] as const) {
    for (const bodyAs of ["raw", "text"] as const) {
      app.use(`/${profile}/${bodyAs}`, bodyParsers[bodyAs], (request, response) => {
        const { verify, header } = receivers[profile]
        const signature = request.headers[header]
        const payload: unknown = request.body
        if (typeof signature !== "string" || !(Buffer.isBuffer(payload) || typeof payload === "string")) {
          response.status(400).send("Bad request")
          return
        }
        if (!verify(payload, signature, receiverSecret)) {
          response.status(401).send("Unauthorized")
          return
        }
        bodiesSeen.push(JSON.parse(payload.toString()))
        response.status(200).send("OK")
      })
    }
  }
  server = createServer(app).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  origin = `http://127.0.0.1:${address.port}`
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const body = JSON.stringify({ id: "evt_1", data: { name: "Ünïcödé 🔔", quote: '"', line: "\n" } })

async function deliver(profile: Profile, bodyAs: BodyAs, secret: string, sent = body): Promise<number> {
  const attempt = attemptToSign({ profile: profileByName(profile), secrets: { current: secret, previous: null }, body })
  const response = await fetch(`${origin}/${profile}/${bodyAs}`, {
    method: "POST",
    headers: receivedHeaders(attempt),
    body: sent,
  })
  await response.text()
  return response.status
}

const secrets = [
  ["plain", "your-webhook-secret"],
  ["beyond ASCII", "schlüssel-🔑-geheim"],
  ["whsec_", newStandardSecret(new Uint8Array(32).fill(9))],
] as const

describe.each([
  ["policycortex", "raw"],
  ["policycortex", "text"],
  ["cybervault", "raw"],
  ["cybervault", "text"],
] as const)("the receiver of %s's document, in Express 5, with the body as %s", (profile, bodyAs) => {
  it.each(secrets)("accepts a delivery signed with a secret that is %s", async (_kind, secret) => {
    receiverSecret = secret
    bodiesSeen.length = 0
    expect(await deliver(profile, bodyAs, secret)).toBe(200)
    expect(bodiesSeen).toEqual([JSON.parse(body)])
  })

  it("refuses another secret, and a body changed on the way", async () => {
    receiverSecret = "your-webhook-secret"
    expect(await deliver(profile, bodyAs, "another-secret")).toBe(401)
    expect(await deliver(profile, bodyAs, receiverSecret, body.replace("evt_1", "evt_2"))).toBe(401)
  })
})
