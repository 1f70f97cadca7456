import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { webhooks } from "../../src/cli/demo/cast.ts"
import { judge } from "../../src/cli/demo/judging.ts"

const demoPath = fileURLToPath(new URL("../../src/cli/demo/demo.ts", import.meta.url))

/** A demo whose temporary files all go to a directory of its own, so that what it leaves behind can be seen. */
function startDemo(...options: string[]) {
  const temporary = mkdtempSync(join(tmpdir(), "tocsin-demo-test-"))
  const demo = spawn(process.execPath, [demoPath, ...options], {
    env: { ...process.env, TMPDIR: temporary, TOCSIN_PORT: "not for the demo's server" },
  })
  onTestFinished(async () => {
    demo.kill("SIGKILL")
    rmSync(temporary, { recursive: true, force: true })
  })
  const said = { out: "", err: "" }
  demo.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text
  })
  demo.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err += text
  })
  return { demo, said, left: () => readdirSync(temporary) }
}

async function exitCode(demo: ChildProcessWithoutNullStreams): Promise<number | null> {
  if (demo.exitCode === null) await once(demo, "close")
  return demo.exitCode
}

async function saidBy(demo: ChildProcessWithoutNullStreams, said: { out: string }, pattern: RegExp): Promise<string> {
  for (;;) {
    const found = pattern.exec(said.out)?.[1]
    if (found !== undefined) return found
    await Promise.race([once(demo.stdout, "data"), once(demo, "close")])
    if (demo.exitCode !== null) throw new Error(`the demo ended before it said ${pattern}`)
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

describe("npm run demo", () => {
  it("plays the story and tells programs how it went", async () => {
    const { demo, said, left } = startDemo("--json")
    expect(await exitCode(demo), said.err).toBe(0)
    const report = JSON.parse(said.out)
    expect(report).toMatchObject({ ok: true, failures: [] })
    expect(report.seconds).toBeLessThan(60)
    expect(report.webhooks).toEqual([
      row("everything, in order", "policycortex", { published: 10, matched: 10, attempts: 11, order_kept: true }),
      row("as documented", "policycortex", { published: 10, matched: 5, attempts: 5, order_kept: true }),
      row("critical only", "cybervault", { published: 4, matched: 2, attempts: 2, order_kept: null }),
      row("recovers", "cybervault", { published: 4, matched: 4, attempts: 6, order_kept: null }),
    ])
    const recovered = report.retried.find(({ webhook }: { webhook: string }) => webhook === "recovers")
    expect(recovered.attempts.map(({ status_code }: { status_code: number }) => status_code)).toEqual([503, 503, 200])
    const [first, second, third] = recovered.attempts.map(({ at }: { at: string }) => Date.parse(at))
    // One second, then two, each with a tenth of jitter.
    expect(second - first).toBeGreaterThanOrEqual(900)
    expect(third - second).toBeGreaterThanOrEqual(1_800)
    expect(left()).toEqual([])
  })

  it("prints plain text where there is no terminal", async () => {
    const { demo, said } = startDemo()
    expect(await exitCode(demo), said.err).toBe(0)
    expect(said.out).not.toContain("\u001b")
    expect(said.out).toContain("attempt 3")
    expect(said.out).toMatch(/All as it must be, in [\d.]+ s\./)
  })

  it("stops its server and leaves nothing behind when it is interrupted", async () => {
    const { demo, said, left } = startDemo()
    const server = Number(await saidBy(demo, said, /process (\d+), data in/))
    expect(isRunning(server)).toBe(true)
    expect(left()).not.toEqual([])
    demo.kill("SIGINT")
    expect(await exitCode(demo)).toBe(130)
    expect(said.err).toContain("interrupted by SIGINT")
    expect(isRunning(server)).toBe(false)
    expect(left()).toEqual([])
  })

  it("explains itself", async () => {
    const { demo, said } = startDemo("--help")
    expect(await exitCode(demo)).toBe(0)
    expect(said.out).toContain("--json")
    expect(said.out).toContain("Exit codes")
  })
})

describe("the demo's verdict", () => {
  const webhook = webhooks.find(({ name }) => name === "as documented")
  if (webhook === undefined) throw new Error("the script has changed")
  const published = ["evt_1", "evt_2"].map((id) => ({
    id,
    type: "scan.completed",
    dataText: `{"scan":"${id}"}`,
    goesTo: [webhook.name],
  }))
  const arrival = (id: string) => ({
    id,
    type: "scan.completed",
    attempt: 1,
    sequence: 1,
    body: `{"data":{"scan":"${id}"}}`,
    kept: true,
  })
  const attempt = {
    number: 1,
    at: "2026-01-01T00:00:00Z",
    duration_ms: 1,
    status_code: 200,
    error: null,
    request_headers: {},
    response_headers: {},
    response_body: "",
  }
  const delivery = (id: string) => ({
    id: `dlv_${id}`,
    webhook_id: "wh_1",
    event_id: id,
    event_type: "scan.completed",
    sequence: 1,
    ordering_key: null,
    status: "delivered" as const,
    exhausted_because: null,
    attempt_count: 1,
    created: attempt.at,
    next_attempt_at: null,
    ended_at: attempt.at,
    replay_id: null,
    last_status_code: 200,
    last_error_code: null,
    attempts: [attempt],
  })
  const verdict = (arrivals: ReturnType<typeof arrival>[], refused: string[] = []) =>
    judge(webhook, published, { url: "", arrivals, refused }, [delivery("evt_1"), delivery("evt_2")]).failures

  it("is good when all came in order", () => {
    expect(verdict([arrival("evt_1"), arrival("evt_2")])).toEqual([])
  })

  it("names what is missing, out of order, altered or refused", () => {
    expect(verdict([arrival("evt_1")]).join()).toContain("events kept by the receiver 1, not 2")
    expect(verdict([arrival("evt_2"), arrival("evt_1")])).toEqual(["as documented: the order was not kept"])
    const altered = { ...arrival("evt_2"), body: '{"data":{"scan": "evt_2"}}' }
    expect(verdict([arrival("evt_1"), altered]).join()).toContain("data was altered")
    expect(verdict([arrival("evt_1"), arrival("evt_2")], ["wrong"]).join()).toContain("signatures refused 1, not 0")
  })
})

function row(
  webhook: string,
  profile: string,
  counts: { published: number; matched: number; attempts: number; order_kept: boolean | null },
) {
  return { webhook, profile, ...counts, delivered: counts.matched, verified: counts.attempts }
}
