import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ChainCheck } from "../../src/domain/audit-chain.ts"
import type { DeliveryId, EventId } from "../../src/domain/ids.ts"
import { type Accepted, type Store, StoreUnavailable } from "../../src/ports/store.ts"
import { openSqliteStore, type SqliteStoreOptions } from "../../src/stores/sqlite/open-sqlite-store.ts"
import {
  auditOf,
  failedAttempt,
  newAttempt,
  newEvent,
  newWebhookId,
  past,
  Story,
  t0,
} from "../contracts/store-fixtures.ts"

let directory: string
const open: Store[] = []
const children: ChildProcess[] = []

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "tocsin-disk-")), "data")
})
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child)
  await Promise.all(open.splice(0).map((store) => store.close()))
  await rm(join(directory, ".."), { recursive: true })
})

async function openStore(options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const store = await openSqliteStore({ directory, ...options })
  open.push(store)
  return store
}

/** Runs `other-process.ts` on the directory. */
function otherProcess(task: "open" | "load"): ChildProcess {
  const child = spawn(process.execPath, [new URL("other-process.ts", import.meta.url).pathname, task, directory], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  children.push(child)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit")
  child.kill("SIGKILL")
  await ended
}

async function linesOf(stream: NodeJS.ReadableStream | null): Promise<string[]> {
  const lines: string[] = []
  if (stream !== null) for await (const line of createInterface({ input: stream })) lines.push(line)
  return lines
}

describe("one process to a data directory", () => {
  test("a second process is told in one line which directory is in use, and the first goes on", async () => {
    const store = await openStore()
    const story = await Story.of(store)
    // Also from within: a refused opening here must not give away the lock of this process.
    await expect(openSqliteStore({ directory })).rejects.toThrow(`The data directory ${directory} is in use`)
    const child = otherProcess("open")
    const [[code], errors] = await Promise.all([once(child, "exit"), linesOf(child.stderr)])
    expect(code).toBe(1)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain(directory)
    expect(await story.stateOf(await story.delivery())).toMatchObject({ status: "pending" })
  })

  test("a closed store gives the directory back", async () => {
    await (await openStore()).close()
    await openStore()
  })
})

test("what was acknowledged survives a crash, whole and in order", async () => {
  const child = otherProcess("load")
  const acknowledged: { workspaceId: string; webhookId: string; id: string; sequence: number; settled: boolean }[] = []
  if (child.stdout === null) throw new Error("no output")
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line))
    if (acknowledged.length === 2_000) child.kill("SIGKILL")
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(2_000)
  const store = await openStore()
  for (const { workspaceId, id, sequence, settled } of acknowledged) {
    const record = await store.delivery(workspaceId as Story["workspaceId"], id as DeliveryId)
    expect(record).toMatchObject({ sequence })
    if (settled) expect(record).toMatchObject({ state: "delivered", attempts: 1 })
    expect(await store.event(workspaceId as Story["workspaceId"], record?.eventId as EventId)).not.toBeNull()
  }
  // Beyond what was acknowledged there may be more, but never a half: numbers without a gap, each with its body.
  const { workspaceId, webhookId } = acknowledged[0] as unknown as Story
  const all = await store.deliveries(workspaceId, { webhookId }, { limit: 1_000_000, before: null })
  expect(all.map((record) => record.sequence).sort((a, b) => a - b)).toEqual(all.map((_, index) => index + 1))
  const waiting = await store.waiting({ workspaceId, webhookId, read: "head", limit: 1_000_000 })
  expect(waiting).toHaveLength(all.filter((record) => record.state === "waiting").length)
  const health = (await store.health(workspaceId, [webhookId])).get(webhookId)
  expect(health).toMatchObject({ lastSequence: all.length, backlog: waiting.length })
})

test("sequences and lanes go on where they were after a restart", async () => {
  const store = await openStore()
  const story = await Story.of(store)
  const ids = [await story.delivery(), await story.delivery()] as const
  await story.settle(ids[0], { state: "waiting", dueMs: t0 + 5 }, failedAttempt(1))
  await store.close()
  const again = await openStore()
  const { workspaceId, webhookId } = story
  const lane = { workspaceId, webhookId, limit: 10 }
  expect(await again.waiting({ ...lane, read: "retries", byMs: t0 + 5 })).toMatchObject([{ id: ids[0], attempts: 1 }])
  expect(await again.waiting({ ...lane, read: "fresh", afterSequence: 0 })).toMatchObject([{ id: ids[1] }])
  const accepted = await again.accept({ workspaceId, events: [newEvent({ to: [webhookId] })] })
  expect((accepted as Accepted).events[0]?.sequences).toEqual([3])
})

test("a database of a newer version is refused in one line, and left free for that version", async () => {
  await (await openStore()).close()
  const db = new DatabaseSync(join(directory, "tocsin.db"))
  const known = Number(db.prepare("PRAGMA user_version").get()?.user_version)
  db.exec("PRAGMA user_version = 99")
  await expect(openSqliteStore({ directory })).rejects.toThrow(/has schema 99 and this version .* up to \d+/)
  db.exec(`PRAGMA user_version = ${known}`)
  db.close()
  await openStore()
})

describe("the audit log on disk", () => {
  /** Three entries, then whatever was done to the closed file, then what a check of the chain finds. */
  async function checkedAfter(...tampering: readonly string[]) {
    const store = await openStore()
    const story = await Story.of(store)
    for (const action of ["a", "b", "c"]) await store.note(auditOf(story.workspaceId, action))
    await store.close()
    const db = new DatabaseSync(join(directory, "tocsin.db"))
    for (const statement of tampering) db.exec(statement)
    db.close()
    const again = await openStore()
    const check = new ChainCheck()
    for (const record of await again.auditChain(story.workspaceId, 0, 100)) check.take(record)
    return check.end(await again.auditHead(story.workspaceId)).flaw
  }
  const unlocked = "DROP TRIGGER audit_is_not_altered; DROP TRIGGER audit_is_not_removed;"

  test.each(["UPDATE audit SET record = '{}'", "DELETE FROM audit"])("%s is refused", async (statement) => {
    await expect(checkedAfter(statement)).rejects.toThrow("append-only")
  })

  test.each([
    ["nothing was done", "SELECT 1", null],
    ["a record was removed", "DELETE FROM audit WHERE sequence = 2", { sequence: 2, because: "missing" }],
    ["the first was removed", "DELETE FROM audit WHERE sequence = 1", { sequence: 1, because: "missing" }],
    ["the last was removed", "DELETE FROM audit WHERE sequence = 3", { sequence: 3, because: "missing" }],
    ["all were removed", "DELETE FROM audit", { sequence: 1, because: "missing" }],
    [
      "one was altered",
      "UPDATE audit SET record = json_set(record, '$.actor.kind', 'admin') WHERE sequence = 2",
      { sequence: 2, because: "altered" },
    ],
    [
      "two changed places",
      `UPDATE audit SET sequence = -sequence, record = json_set(record, '$.sequence', 5 - sequence) WHERE sequence > 1;
       UPDATE audit SET sequence = 5 + sequence WHERE sequence < 0`,
      { sequence: 2, because: "altered" },
    ],
    ["the head was set back", "UPDATE audit_heads SET sequence = 2", { sequence: 3, because: "altered" }],
  ])("when %s, a check shows it", async (_what, tampering, flaw) => {
    expect(await checkedAfter(unlocked, tampering)).toEqual(flaw)
  })

  test("records from before there was a chain are still shown, and are in none", async () => {
    const store = await openStore()
    const { workspaceId } = await Story.of(store)
    await store.close()
    const db = new DatabaseSync(join(directory, "tocsin.db"))
    const old = auditOf(workspaceId, "old")
    db.prepare("INSERT INTO audit (id, workspace_id, record) VALUES (?, ?, ?)").run(
      old.id,
      workspaceId,
      JSON.stringify(old),
    )
    db.close()
    const again = await openStore()
    expect(await again.audit(workspaceId, { limit: 10, before: null })).toEqual([
      { ...old, sequence: 0, previousHash: "", hash: "" },
    ])
    expect(await again.auditChain(workspaceId, 0, 10)).toEqual([])
  })
})

test("nobody else may read the files", async () => {
  const store = await openStore()
  await (await Story.of(store)).delivery()
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  const files = await readdir(directory)
  expect(files).toEqual(expect.arrayContaining(["lock.db", "tocsin.db", "tocsin.db-wal", "tocsin.db-shm"]))
  for (const file of files) expect([file, (await stat(join(directory, file))).mode & 0o777]).toEqual([file, 0o600])
})

test("a directory that cannot be made is named", async () => {
  await expect(openSqliteStore({ directory: "/dev/null/data" })).rejects.toThrow("/dev/null/data cannot be used")
})

describe("a full disk", () => {
  test("refuses with the reason, keeps what was acknowledged, and goes on once there is room", async () => {
    const store = await openStore({ sizeMaxBytes: 2 * 1024 * 1024 })
    const story = await Story.of(store)
    // One that is there could not be deleted any more by then.
    const webhookId = newWebhookId()
    const body = JSON.stringify({ s: "x".repeat(20_000) })
    const stored: DeliveryId[] = []
    const accept = async () => {
      const event = newEvent({ body, to: [webhookId] })
      await story.accept(event)
      stored.push(...event.deliveries.map((delivery) => delivery.id))
    }
    let refusal: unknown = null
    while (refusal === null) {
      const results = await Promise.allSettled(Array.from({ length: 10 }, accept))
      refusal = results.find((result) => result.status === "rejected")?.reason ?? null
      if (stored.length > 1_000) throw new Error("the database never became full")
    }
    expect(refusal).toBeInstanceOf(StoreUnavailable)
    expect(refusal).toMatchObject({ message: expect.stringContaining("full") })
    expect(stored.length).toBeGreaterThan(10)
    const found = await store.deliveries(story.workspaceId, {}, { limit: 1_000, before: null })
    expect(found.map((record) => record.id).sort()).toEqual([...stored].sort())
    // A webhook's counters were rolled back with the rest.
    const health = (await store.health(story.workspaceId, [webhookId])).get(webhookId)
    expect(health).toMatchObject({ backlog: stored.length, lastSequence: stored.length })

    expect(await store.cancelWaiting(story.workspaceId, webhookId, t0, 1_000)).toBe(stored.length)
    while (await store.forget(past(t0 + 1), 100));
    await accept()
    expect(await store.ready()).toBeNull()
  })
})

test("a deleted workspace leaves nothing of its webhooks' secrets, not even sealed", async () => {
  const store = await openStore()
  const story = await Story.of(store)
  await story.webhook({ sealed: "what-was-sealed" })
  const records = () => {
    const db = new DatabaseSync(join(directory, "tocsin.db"), { readOnly: true })
    try {
      return JSON.stringify(db.prepare("SELECT record FROM webhooks").all())
    } finally {
      db.close()
    }
  }
  expect(records()).toContain("what-was-sealed")
  await store.configure([{ kind: "workspaceDeleted", id: story.workspaceId, atMs: t0 }], [])
  expect(records()).toContain(story.webhookId)
  expect(records()).not.toContain("what-was-sealed")
})

describe("the queue", () => {
  test("beyond its bound acceptances are refused, settlements never", async () => {
    const store = await openStore({ queue: { operationsMax: 10, bytesMax: 1_000_000 } })
    const story = await Story.of(store)
    const ids = await Promise.all(Array.from({ length: 8 }, () => story.delivery()))
    const settled = ids.flatMap((id) => [
      story.settle(id, { state: "waiting", dueMs: t0 }, failedAttempt(1)),
      story.settle(id, { state: "delivered" }, newAttempt(2)),
    ])
    const refused = story.accept(newEvent({ to: [story.webhookId] }))
    await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await Promise.all(settled)).toEqual(settled.map(() => true))
    expect(await story.accept(newEvent({ to: [story.webhookId] }))).toMatchObject({ events: [{ sequences: [9] }] })
  })
})

test("a filter that few pass finds them at the far end of a long history", async () => {
  const store = await openStore()
  const story = await Story.of(store)
  const oldest = newEvent({ type: "rare.type", body: '{"needle":1}', to: [story.webhookId] })
  await story.accept(oldest)
  for (let batch = 0; batch < 12; batch++)
    await story.accept(...Array.from({ length: 1_000 }, () => newEvent({ to: [story.webhookId] })))
  const page = { limit: 10, before: null }
  const { workspaceId, webhookId } = story
  expect((await store.events(workspaceId, { text: "NEEDLE" }, page)).map((event) => event.id)).toEqual([oldest.id])
  expect(await store.deliveries(workspaceId, { eventType: "rare.type" }, page)).toHaveLength(1)
  expect(await store.deliveries(workspaceId, { webhookId, eventType: "rare.type" }, page)).toHaveLength(1)
  expect(await store.deliveries(workspaceId, { eventType: "none" }, page)).toEqual([])
})
