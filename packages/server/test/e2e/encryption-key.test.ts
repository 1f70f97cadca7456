import { randomBytes } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, it } from "vitest"
import { sealerFor } from "../../src/secrets/sealing.ts"
import { call, Workspace } from "./api-calls.ts"
import { startCommand } from "./cli-process.ts"
import { receiving } from "./receiving.ts"
import { adminKey, newDataDirectory, spawnServer, startServer } from "./server-process.ts"

/** The ids of the keys that seal what the (stopped) server's database holds. */
function sealingKeys(directory: string): unknown[] {
  const db = new DatabaseSync(join(directory, "tocsin.db"))
  const rows = db.prepare("SELECT DISTINCT substr(record ->> '$.sealed', 1, 8) AS id FROM webhooks").all()
  db.close()
  return rows.map(({ id }) => id)
}

async function rotate(address: string) {
  const { status, json } = await call(address, "POST", "/v1/encryption-key/rotation", { key: adminKey })
  expect(status).toBe(200)
  return json
}

describe("the encryption key, changed while the real program runs", () => {
  it("is generated anew; deliveries go on, and afterwards the old key is needed for nothing", async () => {
    const directory = newDataDirectory()
    const file = join(directory, "encryption.key")
    const server = await startServer({ TOCSIN_DATA_DIR: directory })
    const workspace = await Workspace.create(server.address, "policycortex")
    const receiver = await receiving()
    const event = await workspace.sampleEvent()
    const settings = { url: receiver.origin, events: ["*"], secret: "your-webhook-secret" }
    const ids: unknown[] = []
    for (let n = 0; n < 5; n++) ids.push((await workspace.post("/v1/webhooks", settings)).id)
    const oldKey = readFileSync(file, "utf8")

    const publishing = Promise.all(Array.from({ length: 20 }, () => workspace.post("/v1/events", event)))
    const environment = { TOCSIN_URL: server.address, TOCSIN_ADMIN_KEY: adminKey }
    const rotated = await startCommand(["keys", "rotate", "--json"], environment).finished
    expect(rotated).toMatchObject({ code: 0, err: "" })
    expect(JSON.parse(rotated.out)).toMatchObject({ made: true, resealed: 5, left: 0 })
    await publishing
    await receiver.arrived(100)
    await server.kill()

    const [present, ...rest] = readFileSync(file, "utf8").split("\n")
    expect(`${rest.join("\n")}`).toBe(oldKey)
    expect(sealingKeys(directory)).toEqual([sealerFor(Buffer.from(String(present), "base64")).keyId])
    // Whoever no longer has backups from before takes the old key away.
    writeFileSync(file, `${present}\n`)
    const again = await startServer({ TOCSIN_DATA_DIR: directory })
    workspace.address = again.address
    for (const id of ids) {
      expect(await workspace.get(`/v1/webhooks/${id}/secret`)).toMatchObject({ secret: "your-webhook-secret" })
    }
    await again.kill()
  })

  it("is given by the operator: both keys, then the rotation, then the new one alone", async () => {
    const directory = newDataDirectory()
    const [old, now] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")]
    const started = (keys: string) => startServer({ TOCSIN_DATA_DIR: directory, TOCSIN_ENCRYPTION_KEY: keys })
    const first = await started(old)
    const workspace = await Workspace.create(first.address, "policycortex")
    const settings = { url: "https://receiver.example/", events: ["*"], secret: "your-webhook-secret" }
    const { id } = await workspace.post("/v1/webhooks", settings)
    await first.kill()

    const both = await started(`${now},${old}`)
    expect(await rotate(both.address)).toMatchObject({ made: false, resealed: 1, left: 0 })
    expect(await rotate(both.address)).toMatchObject({ made: false, resealed: 0, left: 0 })
    await both.kill()

    const last = await started(now)
    workspace.address = last.address
    expect(await workspace.get(`/v1/webhooks/${id}/secret`)).toMatchObject({ secret: "your-webhook-secret" })
    await last.kill()
    const refused = spawnServer({ TOCSIN_DATA_DIR: directory, TOCSIN_ENCRYPTION_KEY: old })
    expect(await refused.stopped).toMatchObject({ code: 1 })
    expect(refused.output.stderr.trim().split("\n")).toEqual([expect.stringContaining("TOCSIN_ENCRYPTION_KEY")])
  })
})
