import { randomBytes } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inMegabytes } from "../../src/cli/backing-up/figures.ts"
import { barText } from "../../src/cli/showing/bar.ts"
import type { MovedRecord } from "../../src/ports/moving.ts"
import type { Store } from "../../src/ports/store.ts"
import { sealerFor } from "../../src/secrets/sealing.ts"
import { openSqliteExporting } from "../../src/stores/sqlite/moving/exporting.ts"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { liveIn, recordsIn } from "../contracts/lived-in.ts"
import { newEvent, newWebhookId, webhookOf } from "../contracts/store-fixtures.ts"
import { newDirectory } from "./new-directory.ts"
import { type Ran, runCommand } from "./running-command.ts"

const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
})

const key = randomBytes(32)
const keyLine = `${key.toString("base64")}\n`
const adminKeyHash = `${"ab".repeat(32)}\n`
const home = newDirectory()
const shelf = newDirectory()
let store: Store
let workspaceId: Parameters<Store["accept"]>[0]["workspaceId"]
let webhookId: ReturnType<typeof newWebhookId>

function on(directory: string, words: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  return runCommand(words, { environment: { TOCSIN_DATA_DIR: directory, ...environment } })
}

/** Everything in a directory that no store has open. */
function contentsOf(directory: string): Promise<readonly MovedRecord[]> {
  return recordsIn({
    store: () => openSqliteStore({ directory }),
    exporting: async () => openSqliteExporting(directory),
    importing: () => Promise.reject(new Error("not needed")),
  })
}

beforeAll(async () => {
  store = await openSqliteStore({ directory: home })
  stores.push(store)
  const life = await liveIn(store)
  workspaceId = life.story.workspaceId
  webhookId = newWebhookId()
  const sealed = sealerFor(key).seal("{}")
  const { webhooks } = await store.loadConfig()
  await store.configure(
    [
      ...webhooks.map((each) => ({ kind: "webhook" as const, put: { ...each, sealed, version: each.version + 1 } })),
      { kind: "webhook", put: webhookOf(workspaceId, webhookId, 1, { sealed }) },
    ],
    [],
  )
  writeFileSync(join(home, "encryption.key"), keyLine)
  writeFileSync(join(home, "admin-key.sha256"), adminKeyHash)
}, 60_000)

describe("backup", () => {
  it("holds what is there at one moment, whatever is written meanwhile, and a directory restored from it is the same", async () => {
    let writing = true
    let written = 0
    const writer = (async () => {
      for (; writing; written++) {
        await store.accept({ workspaceId, events: [newEvent({ to: [webhookId], body: "x".repeat(20_000) })] })
      }
    })()
    while (written < 200) await new Promise(setImmediate)
    const file = join(shelf, "under-load.db")
    const before = written
    const made = await on(home, ["backup", "--to", file, "--include-key", "--json"])
    writing = false
    await writer
    expect(made).toMatchObject({ code: 0, err: "" })
    const told = JSON.parse(made.out)
    expect(told).toMatchObject({ file, includes_encryption_key: true, workspaces: 1 })
    expect(told.events).toBeGreaterThanOrEqual(before)
    expect(told.events).toBeLessThanOrEqual(written + 10)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(file).size).toBe(told.size_bytes)
    // Nothing else is left beside it.
    expect(readdirSync(shelf)).toEqual(["under-load.db"])

    const restored = join(newDirectory(), "data")
    expect(await on(restored, ["restore", file])).toMatchObject({ code: 0, err: "" })
    expect(readdirSync(restored).sort()).toEqual(["admin-key.sha256", "encryption.key", "lock.db", "tocsin.db"])
    for (const name of readdirSync(restored)) expect(statSync(join(restored, name)).mode & 0o777, name).toBe(0o600)
    expect(readFileSync(join(restored, "encryption.key"), "utf8")).toBe(keyLine)
    expect(readFileSync(join(restored, "admin-key.sha256"), "utf8")).toBe(adminKeyHash)
    const records = await contentsOf(restored)
    expect(records.filter(({ kind }) => kind === "event")).toHaveLength(told.events)
    const waiting = records.filter(
      (each) => each.kind === "delivery" && (each.state === "fresh" || each.state === "again"),
    )
    expect(waiting).toHaveLength(told.waiting_deliveries)

    await store.close()
    stores.length = 0
    // The original goes on from where it was; what it had when the backup was made is the same, record by record.
    const all = new Set((await contentsOf(home)).map((record) => JSON.stringify(record)))
    const changed = records.filter(({ kind }) => kind !== "counters" && kind !== "minute")
    expect(changed.filter((record) => !all.has(JSON.stringify(record)))).toEqual([])
    expect(changed.length).toBeGreaterThan(400)
  }, 60_000)

  it("of a server that was killed holds what was in its write-ahead log", async () => {
    const living = newDirectory()
    const opened = await openSqliteStore({ directory: living })
    const life = await liveIn(opened)
    const dead = newDirectory()
    for (const name of readdirSync(living)) copyFileSync(join(living, name), join(dead, name))
    expect(statSync(join(dead, "tocsin.db-wal")).size).toBeGreaterThan(0)
    await opened.close()
    const file = join(shelf, "dead.db")
    expect(await on(dead, ["backup", "--to", file])).toMatchObject({ code: 0, err: "" })
    const restored = newDirectory()
    writeFileSync(join(restored, "encryption.key"), keyLine)
    // The stories' webhooks hold no real seal.
    const copy = new DatabaseSync(file)
    copy.prepare("UPDATE webhooks SET record = json_set(record, '$.sealed', ?)").run(sealerFor(key).seal("{}"))
    copy.close()
    expect(await on(restored, ["restore", file])).toMatchObject({ code: 0, err: "" })
    const deliveries = (await contentsOf(restored)).filter((each) => each.kind === "delivery").map(({ id }) => id)
    expect(deliveries).toEqual(expect.arrayContaining([life.delivered, ...life.waiting]))
  })

  it("leaves the key out unless asked, and says where it is", async () => {
    const file = join(shelf, "without-key.db")
    const made = await on(home, ["backup", "--to", file])
    expect(made).toMatchObject({ code: 0, err: "" })
    expect(made.out).toContain(`Keep a copy elsewhere (${join(home, "encryption.key")}`)
    expect(readFileSync(file).includes(keyLine.trim())).toBe(false)
    const refused = await on(home, ["backup", "--include-key"], { TOCSIN_ENCRYPTION_KEY: keyLine.trim() })
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("TOCSIN_ENCRYPTION_KEY is set") })
  })

  it("never overwrites, and says what there is no backup of", async () => {
    const taken = join(shelf, "taken.db")
    writeFileSync(taken, "precious")
    expect(await on(home, ["backup", "--to", taken])).toMatchObject({ code: 1, err: expect.stringContaining("exists") })
    expect(readFileSync(taken, "utf8")).toBe("precious")
    const nothing = newDirectory()
    expect(await on(nothing, ["backup", "--to", join(shelf, "nothing.db")])).toMatchObject({
      code: 1,
      err: expect.stringContaining("holds no database"),
    })
    expect(readdirSync(nothing)).toEqual([])
    const environment = { TOCSIN_DATABASE_URL: "postgres://db/tocsin" }
    expect(await on(home, ["backup"], environment)).toMatchObject({ code: 2, err: expect.stringContaining("pg_dump") })
    expect(await on(home, ["restore", taken], environment)).toMatchObject({
      code: 2,
      err: expect.stringContaining("export and import"),
    })
  })

  it("interrupted, leaves nothing behind", async () => {
    const stopping = new AbortController()
    stopping.abort(new Error("interrupted"))
    const empty = newDirectory()
    const words = ["backup", "--to", join(empty, "never.db")]
    expect((await runCommand(words, { environment: { TOCSIN_DATA_DIR: home }, signal: stopping.signal })).code).toBe(
      130,
    )
    expect(readdirSync(empty)).toEqual([])
  })
})

describe("restore", () => {
  const sound = join(shelf, "sound.db")
  beforeAll(async () => {
    expect(await on(home, ["backup", "--to", sound])).toMatchObject({ code: 0, err: "" })
  })

  it.each([
    ["no key", {}, null, "no encryption key"],
    ["another in the directory", {}, `${randomBytes(32).toString("base64")}\n`, "another encryption key"],
    ["another setting", { TOCSIN_ENCRYPTION_KEY: randomBytes(32).toString("base64") }, null, "another encryption key"],
  ] as const)("refuses with %s, before anything is written", async (_what, environment, line, message) => {
    const target = newDirectory()
    if (line !== null) writeFileSync(join(target, "encryption.key"), line)
    const before = readdirSync(target)
    const refused = await on(target, ["restore", sound], environment)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(message) })
    expect(refused.err).toContain("Nothing was restored")
    expect(readdirSync(target)).toEqual(before)
  })

  it("takes the key from the setting, and then writes none", async () => {
    const target = join(newDirectory(), "new")
    const ran = await on(target, ["restore", sound, "--json"], { TOCSIN_ENCRYPTION_KEY: keyLine.trim() })
    expect(ran).toMatchObject({ code: 0, err: "" })
    expect(JSON.parse(ran.out)).toMatchObject({ directory: target, workspaces: 1 })
    expect(existsSync(join(target, "encryption.key"))).toBe(false)
    expect((await contentsOf(target)).length).toBeGreaterThan(10)
  })

  it("never touches a directory that a server has used, nor one with another admin key", async () => {
    const used = newDirectory()
    await (await openSqliteStore({ directory: used })).close()
    const before = readFileSync(join(used, "tocsin.db"))
    const environment = { TOCSIN_ENCRYPTION_KEY: keyLine.trim() }
    const refused = await on(used, ["restore", sound], environment)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("holds a database already") })
    expect(readFileSync(join(used, "tocsin.db")).equals(before)).toBe(true)
    const other = newDirectory()
    writeFileSync(join(other, "admin-key.sha256"), `${"cd".repeat(32)}\n`)
    const also = await on(other, ["restore", sound], environment)
    expect(also).toMatchObject({ code: 1, err: expect.stringContaining("differs from the backup's") })
    expect(readFileSync(join(other, "admin-key.sha256"), "utf8")).toBe(`${"cd".repeat(32)}\n`)
  })

  it("tells a damaged file, another database and a newer backup from a sound one", async () => {
    const environment = { TOCSIN_ENCRYPTION_KEY: keyLine.trim() }
    const target = join(newDirectory(), "never")
    const refusal = async (file: string) => {
      const ran = await on(target, ["restore", file], environment)
      expect(ran.code).toBe(1)
      expect(existsSync(target)).toBe(false)
      return ran.err
    }
    const bytes = readFileSync(sound)
    const damaged = join(shelf, "damaged.db")
    // Somewhere in the middle: what a bad disk or a broken transfer does.
    writeFileSync(damaged, Buffer.from(bytes).fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 8192))
    expect(await refusal(damaged)).toMatch(/damaged|malformed/)
    const cut = join(shelf, "cut.db")
    writeFileSync(cut, bytes.subarray(0, bytes.length - 40_960))
    expect(await refusal(cut)).toMatch(/damaged|malformed/)
    const letter = join(shelf, "letter.txt")
    writeFileSync(letter, "dear reader")
    expect(await refusal(letter)).toContain("cannot be read as a backup")
    expect(await refusal(join(shelf, "missing.db"))).toContain("There is no file")
    expect(await refusal(join(home, "tocsin.db"))).toContain("not one that `tocsin backup` wrote")
    const newer = join(shelf, "newer.db")
    copyFileSync(sound, newer)
    const db = new DatabaseSync(newer)
    db.exec("PRAGMA user_version = 999")
    db.close()
    expect(await refusal(newer)).toContain("which is newer")
  })

  it("interrupted, leaves a directory that a restore can be run into again", async () => {
    const target = newDirectory()
    mkdirSync(target, { recursive: true })
    const environment = { TOCSIN_DATA_DIR: target, TOCSIN_ENCRYPTION_KEY: keyLine.trim() }
    const stopping = new AbortController()
    stopping.abort(new Error("interrupted"))
    expect((await runCommand(["restore", sound], { environment, signal: stopping.signal })).code).toBe(130)
    expect(existsSync(join(target, "tocsin.db.restoring"))).toBe(false)
    expect(await on(target, ["restore", sound], environment)).toMatchObject({ code: 0, err: "" })
  })
})

it("shows how far it is in megabytes", () => {
  expect(barText(1_250_000, 5_000_000, 40, inMegabytes)).toBe("████░░░░░░░░░░░  25 %  1.3 of 5.0 MB")
})
