import { readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { afterAll, expect, it } from "vitest"
import { openRawReceiver, openReceiver } from "../receiver.ts"
import { eventually, member, members, Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

const open: { close(): Promise<void> }[] = []
afterAll(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** An opening, then the same again as fast as it is taken. */
function flood(head: string, piece: string) {
  return (socket: Socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(piece)) {}
    }
    socket.write(head)
    socket.on("drain", pour)
    pour()
  }
}

/** An opening, then a piece every few milliseconds. */
function drip(head: string, piece: string) {
  return (socket: Socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write(piece), 50)
    socket.on("close", () => clearInterval(timer))
  }
}

function whole(coding: string, body: Buffer) {
  return (socket: Socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${body.length}\r\n\r\n`)
    socket.write(body)
  }
}

const zeros = Buffer.alloc(100_000_000)

const hostile: Readonly<Record<string, readonly [code: string, act: (socket: Socket) => void]>> = {
  silent: ["timeout", () => {}],
  "slow headers": ["timeout", drip("HTTP/1.1 200 OK\r\n", "x: y\r\n")],
  "slow body": ["timeout", drip("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", "z")],
  "endless body": ["response_too_large", flood("HTTP/1.1 200 OK\r\n\r\n", "z".repeat(16_384))],
  "gzip bomb": ["response_too_large", whole("gzip", gzipSync(zeros))],
  "brotli bomb": ["response_too_large", whole("br", brotliCompressSync(zeros))],
  "endless headers": ["protocol", flood("HTTP/1.1 200 OK\r\n", "x: y\r\n".repeat(500))],
  "endless 103s": ["protocol", flood("", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100))],
  "no HTTP": ["protocol", (socket) => void socket.write("SSH-2.0-OpenSSH_9.6\r\n\r\n")],
  reset: ["connection_reset", (socket) => socket.resetAndDestroy()],
}

it("a workspace full of hostile endpoints delays no other, costs no memory, and each tells its own reason", {
  timeout: 180_000,
}, async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  const [theirs, ours] = [
    await Workspace.create(server.address, "policycortex"),
    await Workspace.create(server.address, "policycortex"),
  ]
  const settings = { events: ["*"], secret: "your-webhook-secret", ordering: "none" }
  const expected = new Map<unknown, string>()
  for (const [code, act] of Object.values(hostile)) {
    const receiver = await openRawReceiver(act)
    open.push(receiver)
    // The others are to be found out, however busy the machine is.
    const timeout_seconds = code === "timeout" ? 2 : 30
    const webhook = { ...settings, url: receiver.origin, timeout_seconds, retry_config: { max_attempts: 1 } }
    expected.set((await theirs.post("/v1/webhooks", webhook)).id, code)
  }
  const healthy = await openReceiver()
  open.push(healthy)
  await ours.post("/v1/webhooks", { ...settings, url: healthy.origin })
  const event = await ours.sampleEvent()
  // Warmed up, so that what is measured is what the hostile ones cost.
  await ours.post("/v1/events", event)
  await healthy.arrived(1)
  const before = memoryMiB(server.pid)

  const events = 10
  for (let n = 0; n < events; n++) await theirs.post("/v1/events", event)
  const startedMs = performance.now()
  for (let n = 0; n < 40; n++) await ours.post("/v1/events", event)
  await healthy.arrived(41, 60_000)
  // The hostile ones take at least two seconds each, ten times over: nobody waited for them.
  const tookMs = performance.now() - startedMs

  const ended = await eventually(
    () => theirs.list("/v1/deliveries"),
    (deliveries) =>
      deliveries.length === events * expected.size && deliveries.every(({ status }) => status === "exhausted"),
    120_000,
  )
  const told = await Promise.all(
    ended.map(async ({ id, webhook_id }) => {
      const attempts = members(await theirs.get(`/v1/deliveries/${id}`), "attempts")
      return [webhook_id, ...attempts.map((attempt) => member(attempt, "error").code)]
    }),
  )
  expect(told).toEqual(ended.map(({ webhook_id }) => [webhook_id, expected.get(webhook_id)]))
  expect(memoryMiB(server.pid) - before).toBeLessThan(200)
  expect(tookMs).toBeLessThan(60_000)
  expect(await server.kill()).toEqual({ code: 0, signal: null })
})

/** Resident; where the system does not tell it, 0. */
function memoryMiB(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
