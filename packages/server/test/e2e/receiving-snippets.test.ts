import { spawnSync } from "node:child_process"
import { createHmac } from "node:crypto"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"
import { openReceiver, type ReceivedRequest } from "../receiver.ts"
import { Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

const folder = fileURLToPath(new URL("../../../../docs/receiving/", import.meta.url))
const builds = newDataDirectory()

type Snippet = {
  readonly language: string
  /** The runtime, and what makes it say its version. */
  readonly runtime: readonly [command: string, args: readonly string[]]
  /** Run once before, where running it from source each time would take long. */
  readonly build?: readonly [command: string, args: readonly string[]]
  readonly run: readonly [command: string, ...string[]]
}

const snippets: readonly Snippet[] = [
  { language: "Node", runtime: ["node", ["--version"]], run: [process.execPath, "verify.mjs"] },
  { language: "Python", runtime: ["python3", ["--version"]], run: ["python3", "verify.py"] },
  {
    language: "Go",
    runtime: ["go", ["version"]],
    build: ["go", ["build", "-o", join(builds, "verify-go"), "verify.go"]],
    run: [join(builds, "verify-go")],
  },
  {
    language: "Java",
    runtime: ["javac", ["--version"]],
    build: ["javac", ["-d", builds, "Verify.java"]],
    run: ["java", "-cp", builds, "Verify"],
  },
  { language: "Ruby", runtime: ["ruby", ["--version"]], run: ["ruby", "verify.rb"] },
  { language: "PHP", runtime: ["php", ["--version"]], run: ["php", "verify.php"] },
  { language: "C#", runtime: ["dotnet", ["--version"]], run: ["dotnet", "run", "verify.cs", "--"] },
  {
    language: "Rust",
    runtime: ["cargo", ["--version"]],
    // The first time its four crates come from the registry.
    build: ["cargo", ["build", "--locked", "--quiet", "--manifest-path", "rust/Cargo.toml", "--target-dir", builds]],
    run: [join(builds, "debug", "verify")],
  },
]

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: folder }).status === 0
}

/** What a receiver has in hand when it verifies. */
type Delivery = {
  readonly secret: string
  readonly body: Buffer
  readonly id: string
  readonly timestamp: string
  readonly signatures: string
  /** Of the profile's own header; null where it has none. */
  readonly own: string | null
}

const deliveries = new Map<string, Delivery>()

const types = {
  policycortex: "policy.violation.created",
  cybervault: "threat.detected",
  standard: "tocsin.test",
} as const

beforeAll(async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  const receiver = await openReceiver()
  for (const profile of ["policycortex", "cybervault", "standard"] as const) {
    const workspace = await Workspace.create(server.address, profile)
    // One secret as a customer would choose it; the others as they are generated, `whsec_` and base64.
    const chosen = profile === "policycortex" ? { secret: "your-webhook-secret" } : {}
    const webhook = await workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/${profile}`,
      events: ["*"],
      ...chosen,
    })
    const type = types[profile]
    const shown = await workspace.get(`/v1/event-types/${type}`)
    await workspace.post("/v1/events", { type, data: { ...Object(shown.sample), note: "größe 🔔" } })
    const request = (await receiver.arrived(deliveries.size + 1)).at(-1)
    if (request === undefined) throw new Error("nothing arrived")
    deliveries.set(profile, handed(request, chosen.secret ?? String(webhook.secret)))
  }
  await receiver.close()
  await server.kill()
})

function handed(request: ReceivedRequest, secret: string): Delivery {
  const header = (name: string) => {
    const value = request.header(name)
    if (value === undefined) throw new Error(`${name} is missing`)
    return value
  }
  const own = request.header("x-policycortex-signature") ?? request.header("x-cybervault-signature") ?? null
  return {
    secret,
    body: request.body,
    id: header("webhook-id"),
    timestamp: header("webhook-timestamp"),
    signatures: header("webhook-signature"),
    own,
  }
}

function delivered(profile: string): Delivery {
  const delivery = deliveries.get(profile)
  if (delivery === undefined) throw new Error(`no delivery of ${profile}`)
  return delivery
}

function verdict({ run: [command, ...args] }: Snippet, { id, timestamp, signatures, own, secret, body }: Delivery) {
  const headers = [id, timestamp, signatures, ...(own === null ? [] : [own])]
  const ended = spawnSync(command, [...args, ...headers], {
    cwd: folder,
    input: body,
    env: { ...process.env, WEBHOOK_SECRET: secret },
  })
  return { said: ended.stdout.toString().trim(), status: ended.status, error: ended.stderr.toString() }
}

const verified = { said: "verified", status: 0, error: "" }
const refused = { said: "refused", status: 1, error: "" }

describe.each(snippets)("the verification in $language", (snippet) => {
  const installed = succeeds(...snippet.runtime)

  beforeAll(() => {
    if (!installed || snippet.build === undefined) return
    const [command, args] = snippet.build
    const built = spawnSync(command, args, { cwd: folder })
    // One that does not even compile must not be passed over.
    expect(built, String(built.stderr)).toMatchObject({ status: 0 })
  })

  it.skipIf(!installed).each(["policycortex", "cybervault", "standard"])(
    "accepts a delivery of %s, and nothing else",
    (profile) => {
      const delivery = delivered(profile)
      expect(verdict(snippet, delivery)).toEqual(verified)

      const changed = Buffer.from(delivery.body.toString().replace("größe", "Größe"))
      expect(changed.equals(delivery.body)).toBe(false)
      expect(verdict(snippet, { ...delivery, body: changed })).toEqual(refused)

      const otherSecret = delivery.secret.startsWith("whsec_") ? `whsec_${"A".repeat(44)}` : "another-webhook-secret"
      expect(verdict(snippet, { ...delivery, secret: otherSecret })).toEqual(refused)
      expect(verdict(snippet, { ...delivery, id: "evt_another" })).toEqual(refused)
      if (delivery.own !== null) {
        const otherOwn = delivery.own.replace(/.$/, (last) => (last === "0" ? "1" : "0"))
        expect(verdict(snippet, { ...delivery, own: otherOwn })).toEqual(refused)
        expect(verdict(snippet, { ...delivery, own: "sha256=" })).toEqual(refused)
      }
    },
  )

  it.skipIf(!installed)("accepts one of two signatures, but none whose time is long past", () => {
    const delivery = delivered("standard")
    const signatures = `v1,${"A".repeat(43)}= ${delivery.signatures}`
    expect(verdict(snippet, { ...delivery, signatures })).toEqual(verified)
    const timestamp = String(Number(delivery.timestamp) - 3_600)
    expect(verdict(snippet, { ...delivery, ...resigned(delivery, timestamp) })).toEqual(refused)
    expect(verdict(snippet, { ...delivery, timestamp: "soon" })).toEqual(refused)
  })
})

/** A message recorded an hour ago: its signature is right, its time is not. */
function resigned({ id, secret, body }: Delivery, timestamp: string): Pick<Delivery, "timestamp" | "signatures"> {
  const key = Buffer.from(secret.slice("whsec_".length), "base64")
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")
  return { timestamp, signatures: `v1,${signature}` }
}
