import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { call, eventually, members, Workspace } from "./api-calls.ts"
import { receiving } from "./receiving.ts"
import { newDataDirectory, type ServerProcess, type Settings, spawnServer, startServer } from "./server-process.ts"

describe("SIGTERM", () => {
  it("lets the attempt in flight finish, starts no other, exits with 0; the rest goes out at the next start", async () => {
    const directory = newDataDirectory()
    const server = await startServer({ TOCSIN_DATA_DIR: directory })
    const workspace = await Workspace.create(server.address, "policycortex")
    const held = Promise.withResolvers<void>()
    const receiver = await receiving({
      replies: (_request, index) =>
        index > 0
          ? 200
          : async (_, response) => {
              await held.promise
              response.writeHead(200).end("at last")
            },
    })
    const { id: webhookId } = await workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/hook`,
      events: ["*"],
      secret: "your-webhook-secret",
    })
    const event = await workspace.sampleEvent()
    const published = members(await workspace.post("/v1/events/batch", { events: [event, event, event] }), "data")
    await receiver.arrived(1)

    const stopped = server.kill("SIGTERM")
    // As with Ctrl-C under npm, which passes on what the terminal has sent already: nobody wants it to end at once.
    await delay(50)
    server.kill("SIGINT")
    // From the moment it stops accepting, nobody is told that an event was taken.
    await eventually(
      () =>
        workspace.ask("POST", "/v1/events", { body: event }).then(
          ({ status }) => status,
          () => "refused",
        ),
      (outcome) => outcome === "refused" || outcome === 503,
    )
    await expect(call(server.address, "GET", "/healthz")).rejects.toThrow()
    held.resolve()
    expect(await stopped).toEqual({ code: 0, signal: null })
    expect(receiver.received).toHaveLength(1)

    const again = await startServer({ TOCSIN_DATA_DIR: directory })
    workspace.address = again.address
    await receiver.arrived(3)
    const deliveries = await eventually(
      () => workspace.deliveriesTo(webhookId),
      (all) => all.every(({ status }) => status === "delivered"),
    )
    // The first was sent once: its answer was waited for and kept.
    expect(deliveries.slice(0, 3)).toMatchObject(published.map(({ id }) => ({ event_id: id, attempt_count: 1 })))
    expect(await workspace.deliveryOf(published[0]?.id)).toMatchObject({ attempts: [{ response_body: "at last" }] })
    expect(await again.kill("SIGINT")).toEqual({ code: 0, signal: null })
  })

  it("ends open streams, idle connections and requests that never end, at once", async () => {
    const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
    const workspace = await Workspace.create(server.address, "policycortex")
    const stream = await fetch(`${server.address}/v1/stream`, {
      headers: { authorization: `Bearer ${workspace.key}` },
    })
    const { hostname, port } = new URL(server.address)
    const half = connect(Number(port), hostname)
    const halfEnded = new Promise((resolve) => half.once("close", resolve))
    half.on("error", () => {})
    half.write("POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n")
    half.write(`authorization: Bearer ${workspace.key}\r\ncontent-length: 1000\r\n\r\n{"type":`)
    // Answered on another connection only after what was written before had been read.
    await workspace.get("/v1/webhooks")
    const fromMs = performance.now()
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null })
    expect(performance.now() - fromMs).toBeLessThan(10_000)
    await stream.text()
    await halfEnded
  })

  it("ends with 0 also when nothing had been done", async () => {
    const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null })
  })
})

/** The start failed, and said why in one line. */
async function refusal(server: ServerProcess): Promise<string> {
  expect(await server.stopped).toEqual({ code: 1, signal: null })
  expect(server.output.stdout).toBe("")
  // Beside the log, which is for programs.
  const lines = server.output.stderr.split("\n").filter((line) => line !== "" && !line.startsWith('{"level":'))
  expect(lines, server.output.stderr).toHaveLength(1)
  expect(lines[0]).toMatch(/^tocsin: /)
  return lines[0] ?? ""
}

describe("a start that must not happen says why in one line, and exits with 1", () => {
  // What each setting takes is held in test/config.test.ts; here, that it stops the program.
  const wrong: readonly (readonly [name: string, value: string])[] = [
    ["TOCSIN_PORT", "65536"],
    ["TOCSIN_RETENTION_DAYS", "0"],
    ["TOCSIN_HOST", "not an address"],
    ["TOCSIN_DATA_DIR", "/dev/null/tocsin"],
    ["TOCSIN_RETENTON_DAYS", "30"],
  ]
  it.concurrent.each(wrong)("%s=%s", async (name, value) => {
    const line = await refusal(spawnServer({ TOCSIN_DATA_DIR: newDataDirectory(), [name]: value }))
    expect(line).toContain(name)
  })

  it("TOCSIN_DATA_DIR is a file", async () => {
    const file = join(newDataDirectory(), "file")
    writeFileSync(file, "")
    const line = await refusal(spawnServer({ TOCSIN_DATA_DIR: file }))
    expect(line).toContain("TOCSIN_DATA_DIR")
    expect(line).toContain(file)
  })

  it("the port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => taken.once("listening", resolve))
    try {
      const address = taken.address()
      const port = String(typeof address === "object" ? address?.port : "")
      const line = await refusal(spawnServer({ TOCSIN_DATA_DIR: newDataDirectory(), TOCSIN_PORT: port }))
      expect(line).toContain("TOCSIN_PORT")
      expect(line).toContain(port)
    } finally {
      taken.close()
    }
  })

  it("a first start that failed leaves the admin key to be shown by the next", async () => {
    const settings: Settings = { TOCSIN_DATA_DIR: newDataDirectory(), TOCSIN_ADMIN_KEY: undefined }
    await refusal(spawnServer({ ...settings, TOCSIN_HOST: "192.0.2.1" }))
    const server = await startServer(settings)
    expect(server.output.stdout).toMatch(/Admin key .*: ta_/)
    await server.kill()
  })

  it("another process has the data directory; that one is not disturbed", async () => {
    const directory = newDataDirectory()
    const first = await startServer({ TOCSIN_DATA_DIR: directory })
    const workspace = await Workspace.create(first.address, "policycortex")
    const line = await refusal(spawnServer({ TOCSIN_DATA_DIR: directory }))
    expect(line).toContain(directory)
    expect(line).toMatch(/in use/)
    const receiver = await receiving()
    await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"], secret: "your-webhook-secret" })
    await workspace.post("/v1/events", await workspace.sampleEvent())
    await receiver.arrived(1)
    await first.kill("SIGKILL")
    // A killed process leaves no lock behind.
    await (await startServer({ TOCSIN_DATA_DIR: directory })).kill()
  })

  it.each([
    ["lost", (directory: string) => ({ lose: join(directory, "encryption.key"), settings: {} })],
    ["another", () => ({ lose: null, settings: { TOCSIN_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString("base64") } })],
  ] as const)("the encryption key is %s", async (_how, prepare) => {
    const directory = newDataDirectory()
    const first = await startServer({ TOCSIN_DATA_DIR: directory })
    const workspace = await Workspace.create(first.address, "policycortex")
    const receiver = await receiving()
    const { id } = await workspace.post("/v1/webhooks", {
      url: receiver.origin,
      events: ["*"],
      secret: "your-webhook-secret",
    })
    await first.kill()
    const { lose, settings } = prepare(directory)
    const kept = join(directory, "kept.key")
    if (lose !== null) renameSync(lose, kept)
    const line = await refusal(spawnServer({ TOCSIN_DATA_DIR: directory, ...settings }))
    expect(line).toContain("TOCSIN_ENCRYPTION_KEY")
    expect(line).toContain("encryption.key")
    // Nothing was made in its place: with the key back, all is as before.
    if (lose !== null) renameSync(kept, lose)
    const second = await startServer({ TOCSIN_DATA_DIR: directory })
    workspace.address = second.address
    expect(await workspace.get(`/v1/webhooks/${id}/secret`)).toMatchObject({ secret: "your-webhook-secret" })
    await second.kill()
  })
})

describe("the first start", () => {
  it("makes an admin key, shows it once and keeps only its hash; files are for the owner alone", async () => {
    const directory = newDataDirectory()
    const settings: Settings = { TOCSIN_DATA_DIR: directory, TOCSIN_ADMIN_KEY: undefined }
    const first = await startServer(settings)
    const key = /Admin key .*: (ta_\S+)/.exec(first.output.stdout)?.[1]
    if (key === undefined) throw new Error(first.output.stdout)
    expect(await call(first.address, "GET", "/v1/workspaces", { key })).toMatchObject({ status: 200 })
    for (const file of readdirSync(directory)) {
      expect([file, (statSync(join(directory, file)).mode & 0o777).toString(8)]).toEqual([file, "600"])
      expect(readFileSync(join(directory, file)).includes(key)).toBe(false)
    }
    await first.kill()
    const second = await startServer(settings)
    expect(second.output.stdout).not.toContain("ta_")
    expect(await call(second.address, "GET", "/v1/workspaces", { key })).toMatchObject({ status: 200 })
    expect(second.output.stderr).not.toContain("ta_")
    await second.kill()
  })
})
