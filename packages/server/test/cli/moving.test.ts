import { createHash, randomBytes } from "node:crypto"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { barText } from "../../src/cli/showing/bar.ts"
import { sealerFor } from "../../src/secrets/sealing.ts"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { type LivedIn, liveIn } from "../contracts/lived-in.ts"
import { newWebhookId, webhookOf } from "../contracts/store-fixtures.ts"
import { newDirectory } from "./new-directory.ts"
import { type Ran, runCommand } from "./running-command.ts"

const timeoutMs = 60_000

const key = randomBytes(32)
const encryptionKey = key.toString("base64")
const source = newDirectory()
const whole = join(newDirectory(), "all.ndjson")
let life: LivedIn
let exported: Ran

/** Runs a command on an embedded database. @param secret none given when empty. */
function on(directory: string, words: readonly string[], secret = encryptionKey): Promise<Ran> {
  return runCommand(words, { environment: { TOCSIN_DATA_DIR: directory, TOCSIN_ENCRYPTION_KEY: secret } })
}

beforeAll(async () => {
  const store = await openSqliteStore({ directory: source })
  const sealed = sealerFor(key).seal("{}")
  life = await liveIn(store)
  // The stories' own webhooks hold no real secret.
  const { workspaceId, webhookId } = life.story
  const { webhooks } = await store.loadConfig()
  await store.configure(
    [
      ...webhooks.map((webhook) => ({
        kind: "webhook" as const,
        put: { ...webhook, sealed, version: webhook.version + 1 },
      })),
      { kind: "webhook", put: webhookOf(workspaceId, newWebhookId(), 1, { sealed }) },
    ],
    [],
  )
  expect(webhooks.map(({ id }) => id)).toContain(webhookId)
  await store.close()
  exported = await on(source, ["export", "--out", whole, "--json"])
}, timeoutMs)

/** Nothing of the import is to be seen there. */
async function expectEmpty(directory: string): Promise<void> {
  const store = await openSqliteStore({ directory })
  expect((await store.loadConfig()).workspaces).toEqual([])
  await store.close()
}

describe("tocsin export and import", { timeout: timeoutMs }, () => {
  it("say what they moved, and an export of the copy is the same file", async () => {
    expect(exported).toMatchObject({ code: 0, err: "" })
    const told: unknown = JSON.parse(exported.out)
    expect(told).toMatchObject({
      file: whole,
      workspaces: [life.story.workspaceId],
      counts: { workspaces: 1, api_keys: 1, webhooks: 3, events: 8, deliveries: 8, attempts: 5, audit_records: 2 },
    })
    expect(statSync(whole).mode & 0o777).toBe(0o600)
    const copy = newDirectory()
    expect(await on(copy, ["import", whole, "--json"])).toMatchObject({ code: 0, out: exported.out })
    const again = join(newDirectory(), "again.ndjson")
    expect((await on(copy, ["export", "--out", again])).out).toMatch(/Exported to .*\n(.*\n)*deliveries: +8\n/)
    const records = (path: string) => readFileSync(path, "utf8").split("\n").slice(1, -2)
    expect(records(again)).toEqual(records(whole))
    expect(records(again).length).toBeGreaterThan(30)
  })

  it("never overwrite: neither a file nor a workspace", async () => {
    const before = readFileSync(whole)
    expect(await on(source, ["export", "--out", whole])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Name a file that does not exist yet"),
    })
    expect(readFileSync(whole)).toEqual(before)
    expect(await on(source, ["import", whole])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`has or had already: ${life.story.workspaceId}`),
    })
  })

  it("refuse a database in use, one that is not there, and a workspace that is not", async () => {
    const store = await openSqliteStore({ directory: source })
    const out = join(newDirectory(), "never.ndjson")
    for (const words of [
      ["export", "--out", out],
      ["import", whole],
    ])
      expect(await on(source, words)).toMatchObject({ code: 1, err: expect.stringContaining("in use by another") })
    await store.close()
    expect(await on(newDirectory(), ["export", "--out", out])).toMatchObject({
      code: 1,
      err: expect.stringContaining("holds no database"),
    })
    expect(await on(source, ["export", "--out", out, "--workspace", "ws_none"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("no workspace ws_none"),
    })
    expect(() => statSync(out)).toThrow("ENOENT")
  })

  it("refuse another encryption key before anything is written", async () => {
    const target = newDirectory()
    for (const secret of [randomBytes(32).toString("base64"), ""])
      expect(await on(target, ["import", whole], secret)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/sealed with another encryption key .* Nothing was imported.*encryption\.key/s),
      })
    expect(() => statSync(join(target, "tocsin.db"))).toThrow("ENOENT")
    writeFileSync(join(target, "encryption.key"), `${encryptionKey}\n`)
    expect(await on(target, ["import", whole], "")).toMatchObject({ code: 0 })
  })

  const lines = () => readFileSync(whole, "utf8").split("\n")
  it.each<readonly [string, () => string, RegExp]>([
    ["cut short in its middle", () => lines().slice(0, 20).join("\n"), /its end is missing/],
    ["cut short within a line", () => readFileSync(whole, "utf8").slice(0, -200), /no JSON|its end is missing/],
    ["one record short", () => lines().toSpliced(12, 1).join("\n"), /was altered/],
    ["altered in one letter", () => lines().join("\n").replace("secret_revealed", "secret_revealeD"), /was altered/],
    ["twice in one", () => lines().join("\n").repeat(2), /goes on after its end/],
    ["of a later format", () => lines().join("\n").replace('"tocsin_export":1', '"tocsin_export":2'), /has format 2/],
    ["something else", () => "hello\n", /is no export/],
    ["empty", () => "", /is not whole/],
    [
      "of another's workspace",
      () =>
        resigned(
          lines()
            .join("\n")
            .replace(/"workspaces":\["ws_/, '"workspaces":["wx_'),
        ),
      /something unknown/,
    ],
  ])("refuse a file that is %s", async (_, made, problem) => {
    const file = join(newDirectory(), "bad.ndjson")
    const text = made()
    expect(text).not.toBe(readFileSync(whole, "utf8"))
    writeFileSync(file, text)
    const target = newDirectory()
    const { code, err } = await on(target, ["import", file])
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(problem) })
    await expectEmpty(target)
  })

  it("refuse a file that is not there", async () => {
    expect(await on(newDirectory(), ["import", "/nowhere/all.ndjson"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("cannot be read"),
    })
  })

  it("end when interrupted, with nothing to be seen, and are run again", async () => {
    const target = newDirectory()
    const environment = { TOCSIN_DATA_DIR: target, TOCSIN_ENCRYPTION_KEY: encryptionKey }
    const stopping = new AbortController()
    stopping.abort(new Error("interrupted"))
    expect((await runCommand(["import", whole], { environment, signal: stopping.signal })).code).toBe(130)
    await expectEmpty(target)
    expect((await runCommand(["import", whole], { environment })).code).toBe(0)
  })
})

/** With the checksum that fits. */
function resigned(text: string): string {
  const records = text.split("\n").slice(0, -2)
  const end: unknown = JSON.parse(text.split("\n").at(-2) ?? "")
  const sha256 = createHash("sha256")
    .update(`${records.join("\n")}\n`)
    .digest("hex")
  return `${records.join("\n")}\n${JSON.stringify({ ...Object(end), sha256 })}\n`
}

describe("the bar", () => {
  it.each([
    [0, 4, "░░░░░░░░░░   0 %  0 of 4 records"],
    [1, 4, "███░░░░░░░  25 %  1 of 4 records"],
    [5, 4, "██████████ 100 %  5 of 5 records"],
    [0, 0, "██████████ 100 %  0 of 0 records"],
  ])("shows %i of %i", (done, total, text) => {
    expect(barText(done, total, 30)).toBe(text)
  })
})
