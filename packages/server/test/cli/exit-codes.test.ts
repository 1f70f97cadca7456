import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { exitCodes } from "../../src/cli/running/exit-codes.ts"
import { runCommand } from "./running-command.ts"

let stop: (() => void) | null = null
afterEach(() => {
  stop?.()
  stop = null
})

/** A server that answers everything alike. @returns the environment of a caller. */
async function answering(status: number, body: object | string, headers: Record<string, string> = {}) {
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "application/problem+json", ...headers })
    response.end(typeof body === "string" ? body : JSON.stringify(body))
  })
  return listening(server)
}

async function listening(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  stop = () => server.closeAllConnections()
  server.unref()
  const { port } = server.address() as AddressInfo
  return { environment: { TOCSIN_URL: `http://127.0.0.1:${port}`, TOCSIN_KEY: "tk_test" } }
}

function problem(status: number, code: string) {
  return { title: "No", status, detail: "Because.", code, request_id: "req_1" }
}

describe("what a command's end tells its caller", () => {
  it.each([
    [401, "key_unknown", exitCodes.refused],
    [403, "scope_missing", exitCodes.refused],
    [404, "not_found", exitCodes.notFound],
    [409, "conflict", exitCodes.notAccepted],
    [422, "validation_failed", exitCodes.notAccepted],
    [500, "internal", exitCodes.failed],
  ])("%i %s", async (status, code, exit) => {
    const ran = await runCommand(["webhooks", "list"], await answering(status, problem(status, code)))
    expect(ran).toEqual({ code: exit.code, out: "", err: expect.stringMatching(/^tocsin: No\. Because\.\n/) })
  })

  it("a replay that was started before the server went away, which is told", async () => {
    const progress = { examined: 0, enqueued: 0, share: 0 }
    const server = createServer(({ method }, response) => {
      if (method === "GET") return response.writeHead(503, { "retry-after": "600" }).end()
      response.writeHead(202, { "content-type": "application/json" })
      response.end(JSON.stringify({ id: "rpl_1", webhook_id: "wh_1", state: "running", progress }))
    })
    const ran = await runCommand(["replay", "wh_1", "--from", "1h"], await listening(server))
    expect(ran.code).toBe(exitCodes.unreachable.code)
    expect(ran.err).toContain("The replay goes on: `tocsin replays show rpl_1`, or `cancel` it.\n")
  })

  it("a retry of several of which one is refused: those before it are told, they are on their way", async () => {
    const sent = { id: "dlv_1", event_type: "scan.completed", webhook_id: "wh_1", status: "retrying", attempt_count: 1 }
    const times = {
      created: "2026-01-01T00:00:00Z",
      next_attempt_at: null,
      last_status_code: 503,
      last_error_code: null,
    }
    const server = createServer(({ url = "" }, response) => {
      const known = url.includes("dlv_1")
      response.writeHead(known ? 202 : 404, { "content-type": known ? "application/json" : "application/problem+json" })
      response.end(JSON.stringify(known ? { ...sent, ...times } : problem(404, "not_found")))
    })
    const surroundings = await listening(server)
    const words = ["deliveries", "retry", "dlv_1", "dlv_2", "dlv_3"]
    const ran = await runCommand(words, surroundings)
    expect(ran).toMatchObject({ code: exitCodes.notFound.code, out: expect.stringMatching(/\ndlv_1 .* retrying /) })
    expect(ran.err).toContain("Stopped at dlv_2; 1 delivery after it not asked for.\n")
    const forPrograms = await runCommand([...words, "--json"], surroundings)
    expect(JSON.parse(forPrograms.out)).toEqual({ data: [{ ...sent, ...times }] })
    expect(JSON.parse(forPrograms.err)).toMatchObject({ error: { code: "not_found", exit_code: 5 } })
  })

  it("503 that asks for more patience than anyone has", async () => {
    const server = await answering(503, problem(503, "store_unavailable"), { "retry-after": "600" })
    expect((await runCommand(["webhooks", "list"], server)).code).toBe(exitCodes.unreachable.code)
  })

  it("a key rotation that left webhooks behind, which it names", async () => {
    const left_webhooks = [{ workspace_id: "ws_1", id: "wh_2" }]
    const rotation = { key_id: "0a1b2c3d", made: true, resealed: 4, left: 2, left_webhooks }
    const { environment } = await answering(200, rotation, { "content-type": "application/json" })
    const words = ["keys", "rotate", "--json"]
    const ran = await runCommand(words, { environment: { ...environment, TOCSIN_ADMIN_KEY: "ta_test" } })
    expect(ran.code).toBe(exitCodes.failed.code)
    expect(JSON.parse(ran.out)).toEqual(rotation)
    expect(ran.err).toContain("wh_2 of ws_1 and 1 more")
  })

  it("no server there, or something else", async () => {
    const nobody = { environment: { TOCSIN_URL: "http://127.0.0.1:9", TOCSIN_KEY: "tk_test" } }
    expect((await runCommand(["keys", "revoke", "key_1"], nobody)).code).toBe(exitCodes.unreachable.code)
    expect((await runCommand(["doctor"], nobody)).code).toBe(exitCodes.unreachable.code)
    const website = await answering(200, "<html>", { "content-type": "text/html" })
    expect((await runCommand(["webhooks", "list"], website)).code).toBe(exitCodes.unreachable.code)
  })

  it("no key, which is told before anything is asked", async () => {
    const { code, err } = await runCommand(["webhooks", "list"])
    expect(code).toBe(exitCodes.refused.code)
    expect(err).toContain("TOCSIN_KEY")
    // A workspace's key is no admin key, and is not sent where one is needed.
    const admin = await runCommand(["workspaces", "list"], { environment: { TOCSIN_KEY: "tk_test" } })
    expect(admin).toMatchObject({ code: exitCodes.refused.code, err: expect.stringContaining("TOCSIN_ADMIN_KEY") })
  })

  it.each([
    [["nonsense"]],
    [["webhooks", "lisst"]],
    [["webhooks", "list", "--nonsense"]],
    [["webhooks", "show"]],
    [["webhooks", "list", "--limit", "0"]],
    [["deliveries", "list", "--status", "lost"]],
    [["events", "list", "--from", "yesterday"]],
    [["trigger", "x", "--set", "severity=LOW"]],
    [["listen"]],
    [["listen", "--forward-to", "localhost:3000"]],
    [["verify", "--secret", "s"]],
    [["verify", "--headers", "/nowhere/headers.txt", "--secret", "s"]],
    [["webhooks", "update", "wh_1"]],
    [["keys", "create", "x", "--expires", "soon"]],
    [["backup", "--to", "/nowhere/backup.db"]],
    [["webhooks", "delete", "wh_1", "--url", "no-address"]],
    [["completion", "powershell"]],
    [[]],
  ])("usage: %j", async (words) => {
    const ran = await runCommand(words, { environment: { TOCSIN_KEY: "tk_test", TOCSIN_URL: "http://127.0.0.1:9" } })
    expect(ran).toMatchObject({ code: exitCodes.usage.code, out: "" })
    expect(ran.err).not.toBe("")
  })

  it("a key with a line's end is not sent, nor shown", async () => {
    const ran = await runCommand(["webhooks", "list", "--key", "tk_secret\n"])
    expect(ran.code).toBe(exitCodes.usage.code)
    expect(ran.err).not.toContain("tk_secret")
  })

  it("help and version are what was wanted", async () => {
    expect(await runCommand(["--version"])).toMatchObject({ code: 0, out: "0.1.0\n", err: "" })
    const help = await runCommand(["webhooks", "create", "--help"])
    expect(help).toMatchObject({ code: 0, err: "", out: expect.stringContaining("Examples:") })
  })

  it("with --json, failures are JSON too, on standard error", async () => {
    const ran = await runCommand(
      ["webhooks", "show", "wh_1", "--json"],
      await answering(404, problem(404, "not_found")),
    )
    expect(ran.out).toBe("")
    expect(JSON.parse(ran.err)).toEqual({
      error: { code: "not_found", message: "Because.", exit_code: 5, status: 404, request_id: "req_1", errors: [] },
    })
  })

  it("what a server or receiver says is not obeyed by the terminal", async () => {
    const server = await answering(404, { ...problem(404, "not_found"), detail: "\u001b[2Jgone\u202e" })
    const { err } = await runCommand(["webhooks", "show", "wh_1"], server)
    expect(err).toContain("\\u{1b}[2Jgone\\u{202e}")
  })
})

describe("colours", () => {
  const page = { data: [], next_cursor: null }
  const webhook = { id: "wh_1", status: "active", url: "https://a.test", events: ["*"], backlog: 0 }
  const full = {
    ...page,
    data: [{ ...webhook, disabled_reason: null, consecutive_failures: 0, last_success_at: null }],
  }

  it("go to those who want them", async () => {
    const server = await answering(200, full, { "content-type": "application/json" })
    expect((await runCommand(["webhooks", "list"], { ...server, coloured: true })).out).toContain("\u001b[")
    expect((await runCommand(["webhooks", "list"], server)).out).not.toContain("\u001b")
    const json = await runCommand(["webhooks", "list", "--json"], { ...server, coloured: true })
    expect(JSON.parse(json.out)).toEqual(full)
  })
})
