import { randomBytes } from "node:crypto"
import { copyFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { openReceiver } from "../receiver.ts"
import { eventually, Workspace } from "./api-calls.ts"
import { runCommand } from "./cli-process.ts"
import { startLoad } from "./postgres/load.ts"
import { adminKey, newDataDirectory, startServer } from "./server-process.ts"

test("a backup taken under load is restored: all acknowledged before is there, and what was pending goes out", {
  timeout: 60_000,
}, async () => {
  const home = newDataDirectory()
  const settings = { TOCSIN_ADMIN_KEY: adminKey }
  const server = await startServer({ ...settings, TOCSIN_DATA_DIR: home })
  const receiver = await openReceiver()
  const workspace = await Workspace.create(server.address, "standard")
  await workspace.post("/v1/event-types", { name: "load.tested", description: "Published under load" })
  const url = `${receiver.origin}/hook`
  const retry_config = { initial_delay_seconds: 1, backoff_multiplier: 1 }
  const first = await workspace.post("/v1/webhooks", { url, events: ["load.*"], ordering: "strict", retry_config })
  const load = startLoad({
    publishers: 4,
    pauseMs: 2,
    key: workspace.key,
    addresses: () => [workspace.address],
  })
  try {
    // A history of some size, then a backlog: the receiver goes away.
    await receiver.arrived(200)
    receiver.reply(503)
    const failing = load.ledger.length
    await eventually(
      async () => load.ledger.length,
      (count) => count > failing + 100,
    )
    const acknowledged = load.ledger.map(({ id }) => id)
    const file = join(newDataDirectory(), "backup.db")
    const made = await runCommand(["backup", "--to", file, "--json"], { TOCSIN_DATA_DIR: home })
    expect(made).toMatchObject({ code: 0, err: "" })
    const during = load.ledger.length - acknowledged.length
    // The server took events all the while, and took them gladly.
    expect(during).toBeGreaterThan(10)
    await eventually(
      async () => load.ledger.length,
      (count) => count > acknowledged.length + during + 20,
    )
    expect([...load.refusals]).toEqual([])
    await load.stop()
    expect(await server.kill("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" })

    // Another machine: nothing of the old one but the backup, and the key that was kept apart.
    const restored = newDataDirectory()
    const environment = { TOCSIN_DATA_DIR: restored }
    const refused = await runCommand(["restore", file], environment)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("no encryption key") })
    copyFileSync(join(home, "encryption.key"), join(restored, "encryption.key"))
    const done = await runCommand(["restore", file, "--json"], environment)
    expect(done).toMatchObject({ code: 0, err: "" })
    const { waiting_deliveries: waiting } = JSON.parse(done.out)
    expect(waiting).toBeGreaterThanOrEqual(100)

    const arrivedBefore = receiver.received.length
    receiver.reply(200)
    const again = await startServer({ ...settings, ...environment })
    workspace.address = again.address
    await receiver.arrived(arrivedBefore + waiting, 30_000)
    await eventually(
      () => workspace.get(`/v1/webhooks/${first.id}`),
      ({ backlog }) => backlog === 0,
    )
    const came = new Set(receiver.received.map((request) => request.header("webhook-id")))
    expect(acknowledged.filter((id) => !came.has(id))).toEqual([])
    const known = new Set((await workspace.list("/v1/events")).map(({ id }) => id))
    expect(acknowledged.filter((id) => !known.has(id))).toEqual([])
    // In the order of their numbers, from the first that had not been delivered.
    const numbers = receiver.received.slice(arrivedBefore).map((each) => Number(each.header("webhook-sequence")))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    expect(new Set(numbers).size).toBe(numbers.length)
    // It goes on like the old one: same key, same secret, a next number.
    const { id } = await workspace.post("/v1/events", { type: "load.tested", data: { after: true } })
    const [last] = (await receiver.arrived(arrivedBefore + waiting + 1)).slice(-1)
    expect(last?.header("webhook-id")).toBe(id)
    expect(Number(last?.header("webhook-sequence"))).toBe((numbers.at(-1) ?? 0) + 1)
    expect(await again.kill()).toEqual({ code: 0, signal: null })

    // Not twice into the same place, and not a word of the key in the file.
    expect(await runCommand(["restore", file], environment)).toMatchObject({ code: 1 })
    const key = readFileSync(join(home, "encryption.key"), "utf8").trim()
    expect(readFileSync(file).includes(key)).toBe(false)
    const other = { TOCSIN_DATA_DIR: newDataDirectory(), TOCSIN_ENCRYPTION_KEY: randomBytes(32).toString("base64") }
    expect(await runCommand(["restore", file], other)).toMatchObject({ code: 1 })
  } finally {
    await load.stop()
    await receiver.close()
  }
})
