import { createHash, randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { ReceiverOptions } from "../receiver.ts"
import { call, eventually, Workspace } from "./api-calls.ts"
import { receiving } from "./receiving.ts"
import { adminKey, newDataDirectory, startServer } from "./server-process.ts"

function pem(file: string): string {
  return readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), "utf8")
}

/** Whatever must be nowhere, by what it is. Marked, so that a part of one is found too. */
function mintSecrets() {
  const marked = (what: string) => `${what}-${randomBytes(12).toString("hex")}`
  return {
    webhookSecret: marked("secret"),
    rotatedSecret: marked("rotated"),
    updatedSecret: marked("updated"),
    headerToken: marked("header"),
    apiKeyHeader: marked("x-api-key"),
    staticToken: marked("static"),
    clientSecret: marked("client"),
    accessToken: marked("access"),
    refusedHeader: marked("refused"),
  }
}

/** A text and the forms in which it might lie somewhere. */
function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  return [
    bytes,
    Buffer.from(bytes.toString("hex")),
    Buffer.from(bytes.toString("base64").replace(/=+$/, "").slice(0, -2)),
  ]
}

it("after a full run nothing secret is in the clear: not in the files, the log, the stream, errors or the audit log", async () => {
  const directory = newDataDirectory()
  const secrets = mintSecrets()
  const server = await startServer({ TOCSIN_DATA_DIR: directory, TOCSIN_ALLOWED_TARGETS: "127.0.0.1" })
  const { address } = server
  const workspace = await Workspace.create(address, "policycortex")
  const seen: string[] = []
  const see = async (method: string, path: string, body?: unknown, key = workspace.key) => {
    const answer = await call(address, method, path, { key, ...(body !== undefined && { body }) })
    seen.push(answer.text)
    return answer
  }

  // The stream is read from the beginning.
  const ending = new AbortController()
  const stream = await fetch(`${address}/v1/stream`, {
    headers: { authorization: `Bearer ${workspace.key}` },
    signal: ending.signal,
  })
  let streamed = ""
  const reading = (async () => {
    const decoder = new TextDecoder()
    if (stream.body) for await (const chunk of stream.body) streamed += decoder.decode(chunk)
  })().catch(() => {})

  // Receivers that echo what they were sent, fail, refuse, and a token endpoint.
  const echo: ReceiverOptions["replies"] = (request) => ({
    status: 200,
    headers: { "x-echo": request.header("authorization") ?? "none" },
    body: JSON.stringify(request.headerList),
  })
  const echoing = await receiving({ replies: echo })
  const failing = await receiving({ replies: [500] })
  const refusing = await receiving({ replies: [401] })
  const issuing = await receiving({
    replies: [
      {
        status: 200,
        body: JSON.stringify({ access_token: secrets.accessToken, token_type: "Bearer", expires_in: 60 }),
      },
    ],
  })
  const base = {
    events: ["*"],
    secret: secrets.webhookSecret,
    retry_config: { initial_delay_seconds: 1, max_attempts: 2 },
  }
  const webhook = (settings: object) => see("POST", "/v1/webhooks", { ...base, ...settings })
  const { json: first } = await webhook({
    url: `${echoing.origin}/own-headers`,
    headers: { Authorization: `Bearer ${secrets.headerToken}`, "X-Api-Key": secrets.apiKeyHeader },
  })
  await webhook({
    url: `${failing.origin}/`,
    authorization: { type: "static", value: `Bearer ${secrets.staticToken}` },
  })
  const oauth = {
    type: "oauth2_client_credentials",
    token_url: `${issuing.origin}/token`,
    client_id: "tocsin",
    client_secret: secrets.clientSecret,
  }
  await webhook({ url: `${echoing.origin}/token`, authorization: oauth })
  await webhook({
    url: `${refusing.origin}/`,
    authorization: { ...oauth, token_url: `${refusing.origin}/token` },
    tls: { client_certificate: pem("client.crt"), client_key: pem("client.key") },
  })

  // Events, tests, rotation, updates, replays.
  const event = await workspace.sampleEvent()
  for (let n = 0; n < 3; n++) await see("POST", "/v1/events", event)
  await see("POST", `/v1/webhooks/${first.id}/test`, {})
  await see("POST", `/v1/webhooks/${first.id}/verify`, {})
  await see("POST", `/v1/webhooks/${first.id}/rotate-secret`, { secret: secrets.rotatedSecret })
  await see("PUT", `/v1/webhooks/${first.id}`, { secret: secrets.updatedSecret, description: "changed" })
  await see("POST", "/v1/encryption-key/rotation", {}, adminKey)
  await see("POST", "/v1/events", event)
  const { json: made } = await see("POST", "/v1/api-keys", { name: "another" })
  // Its answer is the one place where the key is meant to be.
  seen.pop()
  const otherKey = String(made.key)

  // Errors: a refused body with secrets in it, broken JSON, an unknown key, another's id.
  await webhook({ url: "https://10.0.0.1/", headers: { "X-Api-Key": `${secrets.refusedHeader}\n` } })
  await webhook({ url: `${echoing.origin}/`, authorization: { ...oauth, value: secrets.refusedHeader } })
  seen.push((await workspace.ask("POST", "/v1/webhooks", { raw: `{"secret": "${secrets.webhookSecret}"` })).text)
  await see("GET", "/v1/webhooks", undefined, otherKey.slice(0, -1))
  await see("GET", `/v1/webhooks/${secrets.refusedHeader}`)

  // Everything has ended: five events (the new key is one too) to four webhooks.
  await eventually(
    async () => (await workspace.list("/v1/deliveries")).map(({ status }) => status),
    (states) => states.length === 20 && states.every((state) => state === "delivered" || state === "exhausted"),
    30_000,
  )
  await issuing.arrived(1)
  expect(echoing.received.some((request) => request.header("authorization") === `Bearer ${secrets.accessToken}`)).toBe(
    true,
  )
  expect(echoing.received.some((request) => request.header("x-api-key") === secrets.apiKeyHeader)).toBe(true)
  for (const { id } of await workspace.list("/v1/deliveries")) await see("GET", `/v1/deliveries/${id}`)
  for (const path of [
    "/v1/webhooks",
    "/v1/events",
    "/v1/audit-log?limit=200",
    "/v1/audit-log/export",
    "/v1/api-keys",
  ]) {
    await see("GET", path)
  }
  await see("GET", "/v1/audit-log?limit=200", undefined, adminKey)
  for (const path of ["/metrics", "/readyz"]) seen.push((await call(address, "GET", path)).text)
  ending.abort()
  await reading

  const files = () => readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))] as const)
  const running = files()
  expect(running.map(([name]) => name)).toEqual(expect.arrayContaining(["tocsin.db", "tocsin.db-wal"]))
  await server.kill()
  const encryptionKeys = readFileSync(join(directory, "encryption.key"), "utf8").trim().split("\n")
  expect(encryptionKeys).toHaveLength(2)

  const places: readonly (readonly [string, Buffer])[] = [
    ...running,
    ...files(),
    ["standard output", Buffer.from(server.output.stdout)],
    ["the log", Buffer.from(server.output.stderr)],
    ["the stream", Buffer.from(streamed)],
    ["answers", Buffer.from(seen.join("\n"))],
  ]
  // The places hold what they should, so that nothing found means something.
  expect(streamed).toContain("event: attempt")
  expect(seen.join()).toContain("webhook.secret_rotated")
  expect(seen.join()).toContain("authorization_failed")
  expect(seen.join()).toContain("********")
  expect(Buffer.concat(running.map(([, bytes]) => bytes)).includes(String(first.id))).toBe(true)

  const keyText = pem("client.key")
  const all: readonly (readonly [string, string])[] = [
    ...Object.entries(secrets),
    ["API key", workspace.key],
    ["another API key", otherKey],
    ["admin key", adminKey],
    ["private key", keyText.split("\n")[1] ?? ""],
    ["private key, as JSON has it", JSON.stringify(keyText).slice(1, -1)],
    ...encryptionKeys.map((key) => ["encryption key", key] as const),
  ]
  const found = places.flatMap(([place, bytes]) =>
    all
      .filter(([what, secret]) => {
        if (what === "encryption key" && place === "encryption.key") return false
        // What was asked for by its own name is told back in no error.
        return formsOf(secret).some((form) => bytes.includes(form))
      })
      .map(([what]) => `${what} in ${place}`),
  )
  expect(found).toEqual([])
  // Keys are kept as hashes only.
  const hash = createHash("sha256").update(workspace.key).digest("hex")
  expect(places.some(([place, bytes]) => place === "tocsin.db" && bytes.includes(hash))).toBe(true)
})
