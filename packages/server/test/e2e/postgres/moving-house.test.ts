import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { type PostgresServer, startPostgres } from "../../postgres/postgres-server.ts"
import { openReceiver, type Receiver } from "../../receiver.ts"
import { eventually, members, Workspace } from "../api-calls.ts"
import { runCommand } from "../cli-process.ts"
import { newDataDirectory, startServer } from "../server-process.ts"
import { startNode } from "./nodes.ts"

let postgres: PostgresServer
let receiver: Receiver
beforeAll(async () => {
  postgres = await startPostgres()
  receiver = await openReceiver({ replies: [200, 503] })
}, 400_000)
afterAll(async () => {
  await receiver?.close()
  await postgres?.close()
})

test("a server moves from embedded to PostgreSQL and back: what was pending arrives in order, numbers go on", async () => {
  const home = newDataDirectory()
  const first = await startServer({ TOCSIN_DATA_DIR: home })
  const workspace = await Workspace.create(first.address, "policycortex")
  const { id: webhookId } = await workspace.post("/v1/webhooks", {
    url: `${receiver.origin}/hook`,
    events: ["*"],
    secret: "your-webhook-secret",
    retry_config: { initial_delay_seconds: 1 },
  })
  const event = await workspace.sampleEvent()
  const publish = async (count: number) => {
    const events = Array.from({ length: count }, () => event)
    return members(await workspace.post("/v1/events/batch", { events }), "data").map(({ id }) => id)
  }
  const idsOf = (from: number) => receiver.received.slice(from).map((request) => request.header("webhook-id"))
  const numbersOf = (from: number) =>
    receiver.received.slice(from).map((request) => Number(request.header("x-policycortex-sequence")))

  const [delivered] = await publish(1)
  await receiver.arrived(1)
  // The head of the lane fails, and the others wait behind it.
  const pending = await publish(5)
  await receiver.arrived(2)
  const body = receiver.received[1]?.text

  const databaseUrl = await postgres.freshDatabase()
  const encryptionKey = readFileSync(join(home, "encryption.key"), "utf8").trim()
  const away = { TOCSIN_DATABASE_URL: databaseUrl, TOCSIN_ENCRYPTION_KEY: encryptionKey }
  const out = join(newDataDirectory(), "house.ndjson")
  const refused = await runCommand(["export", "--out", out], { TOCSIN_DATA_DIR: home })
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("in use by another process") })
  expect(await first.kill()).toMatchObject({ code: 0 })
  const attempted = receiver.received.length
  expect(await runCommand(["export", "--out", out], { TOCSIN_DATA_DIR: home })).toMatchObject({ code: 0, err: "" })
  expect(await runCommand(["import", out], away)).toMatchObject({ code: 0, err: "" })

  receiver.reply(200)
  const node = await startNode(databaseUrl, away)
  workspace.address = node.address
  await receiver.arrived(attempted + pending.length, 30_000)
  expect(idsOf(attempted)).toEqual(pending)
  expect(numbersOf(attempted)).toEqual([2, 3, 4, 5, 6])
  expect(receiver.received[attempted]?.text).toBe(body)
  expect(Number(receiver.received[attempted]?.header("x-policycortex-attempt"))).toBe(attempted)
  expect(await workspace.deliveryOf(delivered)).toMatchObject({ status: "delivered", attempts: [{ number: 1 }] })
  const [after] = await publish(1)
  await receiver.arrived(attempted + pending.length + 1)
  expect(idsOf(-1)).toEqual([after])
  expect(numbersOf(-1)).toEqual([7])
  await eventually(
    () => workspace.deliveriesTo(webhookId),
    (all) => all.length === 7 && all.every(({ status }) => status === "delivered"),
  )

  // Back again: what the receiver refused meanwhile moves as well.
  receiver.reply(503)
  const waiting = await publish(2)
  await receiver.arrived(attempted + pending.length + 2)
  expect(await node.kill()).toMatchObject({ code: 0 })
  const back = join(newDataDirectory(), "back.ndjson")
  expect(await runCommand(["export", "--out", back], away)).toMatchObject({ code: 0, err: "" })
  const directory = newDataDirectory()
  const other = { TOCSIN_DATA_DIR: directory, TOCSIN_ENCRYPTION_KEY: encryptionKey }
  expect(await runCommand(["import", back], other)).toMatchObject({ code: 0, err: "" })
  const seen = receiver.received.length
  receiver.reply(200)
  const last = await startServer(other)
  await receiver.arrived(seen + waiting.length, 30_000)
  expect(idsOf(seen)).toEqual(waiting)
  expect(numbersOf(seen)).toEqual([8, 9])
  expect(await last.kill()).toMatchObject({ code: 0 })
})

test("a workspace comes to a running node: what was pending goes out in order", async () => {
  const databaseUrl = await postgres.freshDatabase()
  const encryptionKey = Buffer.alloc(32, 7).toString("base64")
  const there = { TOCSIN_DATABASE_URL: databaseUrl, TOCSIN_ENCRYPTION_KEY: encryptionKey }
  const node = await startNode(databaseUrl, there)
  const directory = newDataDirectory()
  const otherKey = Buffer.alloc(32, 8).toString("base64")
  const here = { TOCSIN_DATA_DIR: directory, TOCSIN_ENCRYPTION_KEY: otherKey }
  const server = await startServer(here)
  const workspace = await Workspace.create(server.address, "policycortex")
  const trouble = await openReceiver({ replies: [200, 200, 200, 503] })
  onTestFinished(() => trouble.close())
  const { id: webhookId } = await workspace.post("/v1/webhooks", {
    url: `${trouble.origin}/hook`,
    events: ["*"],
    secret: "your-webhook-secret",
    retry_config: { initial_delay_seconds: 1 },
  })
  const event = await workspace.sampleEvent()
  const events = Array.from({ length: 200 }, () => event)
  const ids = members(await workspace.post("/v1/events/batch", { events }), "data").map(({ id }) => id)
  await trouble.arrived(4)
  expect(await server.kill()).toMatchObject({ code: 0 })
  const sent = trouble.received.length

  const out = join(newDataDirectory(), "acme.ndjson")
  const exported = await runCommand(["export", "--workspace", workspace.id, "--out", out], here)
  expect(exported).toMatchObject({ code: 0, err: "" })
  trouble.reply(200)
  // With the other server's key alone the node could not open what is imported, nor could it start again.
  const refused = await runCommand(["import", out], { ...there, TOCSIN_ENCRYPTION_KEY: otherKey })
  expect(refused.code).not.toBe(0)
  expect(refused.err).toContain("another encryption key. Nothing was imported.")
  const both = { ...there, TOCSIN_ENCRYPTION_KEY: `${encryptionKey},${otherKey}` }
  expect(await runCommand(["import", out], both)).toMatchObject({ code: 0, err: "" })
  await trouble.arrived(sent + ids.length - 3, 30_000)
  const received = trouble.received.slice(sent).map((request) => request.header("webhook-id"))
  expect(received).toEqual(ids.slice(3))
  workspace.address = node.address
  const settled = await eventually(
    () => workspace.deliveriesTo(webhookId),
    (all) => all.every(({ status }) => status === "delivered"),
  )
  expect(settled.map(({ event_id }) => event_id)).toEqual(ids)
  expect(await node.kill()).toMatchObject({ code: 0 })
})
