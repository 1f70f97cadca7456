import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import fc from "fast-check"
import { afterEach, describe, expect, test } from "vitest"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import { asId, type DeliveryId, type EventId, type WebhookId } from "../../src/domain/ids.ts"
import type { Replay } from "../../src/domain/replay.ts"
import type { Store } from "../../src/ports/store.ts"
import { backUp } from "../../src/stores/sqlite/backing-up/back-up.ts"
import { Books } from "../../src/stores/sqlite/books.ts"
import { migrate } from "../../src/stores/sqlite/migrate.ts"
import { openSqliteExporting } from "../../src/stores/sqlite/moving/exporting.ts"
import { type Place, sqliteStoreOver } from "../../src/stores/sqlite/store-over-threads.ts"
import { openCheckpointVerbs } from "../../src/stores/sqlite/threads/checkpoint-verbs.ts"
import { openHotVerbs } from "../../src/stores/sqlite/threads/hot-verbs.ts"
import { openLogVerbs } from "../../src/stores/sqlite/threads/log-verbs.ts"
import type { Verbs } from "../../src/stores/sqlite/threads/serve.ts"
import {
  failedAttempt,
  minuteMs,
  newAttempt,
  newDeliveryId,
  newEvent,
  newWebhookId,
  past,
  replayOf,
  Story,
  t0,
} from "../contracts/store-fixtures.ts"

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

/** The embedded store on this thread, whose process can end at any moment. */
class Machine {
  readonly #root: string
  #generation = 0
  #store: Store
  #end: () => void

  constructor() {
    this.#root = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "tocsin-books-"))
    roots.push(this.#root)
    mkdirSync(this.directory)
    ;[this.#store, this.#end] = this.#open()
  }

  get directory(): string {
    return join(this.#root, String(this.#generation))
  }

  get store(): Store {
    return this.#store
  }

  #open(): [Store, () => void] {
    const { directory } = this
    const hot = openHotVerbs({ directory, sizeMaxBytes: null })
    const log = openLogVerbs({ directory })
    const checkpoint = openCheckpointVerbs({ directory })
    const store = sqliteStoreOver({ hot: here(hot), log: here(log), checkpoint: here(checkpoint) }, {})
    const end = () => {
      log.close(null)
      checkpoint.close(null)
      hot.close(null)
    }
    return [store, end]
  }

  /** Goes on with the files as a killed process leaves them. */
  crash(): void {
    this.abandon()
    ;[this.#store, this.#end] = this.#open()
  }

  /** Leaves the files as a killed process does. */
  abandon(): void {
    const from = this.directory
    this.#generation += 1
    mkdirSync(this.directory)
    for (const name of ["tocsin.db", "tocsin.db-wal"])
      if (existsSync(join(from, name))) copyFileSync(join(from, name), join(this.directory, name))
    this.#end()
  }

  async restart(): Promise<void> {
    await this.#store.close()
    ;[this.#store, this.#end] = this.#open()
  }

  query(sql: string): readonly unknown[] {
    const db = new DatabaseSync(join(this.directory, "tocsin.db"), { readOnly: true })
    try {
      return db.prepare(sql).all()
    } finally {
      db.close()
    }
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}

function here<Served extends Verbs>(verbs: Served): Place<Served> {
  return {
    // As over `postMessage`: the verb's own argument, and its own answer.
    call: async (verb, argument) => verbs[verb]?.(argument as never) as ReturnType<Served[typeof verb]>,
    close: async () => {
      verbs.close?.(null as never)
    },
  }
}

/** The books as they are stored, by the names of what they are about. */
const counters = `SELECT w.id, c.* FROM webhook_counters c JOIN webhooks w ON w.num = c.webhook ORDER BY w.id`
const minutes = `SELECT w.id, m.* FROM webhook_minutes m JOIN webhooks w ON w.num = m.webhook
  WHERE pending + retrying + delivered + exhausted + expired + cancelled + succeeded + failed > 0
  ORDER BY w.id, m.minute`
/** The same, as far as the deliveries themselves tell. */
const waitingCounted = "SELECT webhook, waiting, last_sequence FROM webhook_counters ORDER BY webhook"
const waitingRecounted = `SELECT c.webhook, (SELECT count(*) FROM deliveries d WHERE d.webhook = c.webhook AND state IN (0, 2)) waiting,
    max(last_sequence, coalesce((SELECT max(sequence) FROM deliveries d WHERE d.webhook = c.webhook), 0)) last_sequence
  FROM webhook_counters c ORDER BY c.webhook`
const statesCounted = `SELECT webhook, minute, pending, retrying, delivered, exhausted, expired, cancelled FROM webhook_minutes
  WHERE pending + retrying + delivered + exhausted + expired + cancelled > 0 ORDER BY webhook, minute`
const statesRecounted = `SELECT webhook, created_ms / ${minuteMs} minute,
    sum(state IN (0, 2) AND attempts = 0) pending, sum(state IN (0, 2) AND attempts > 0) retrying,
    sum(state = 1) delivered, sum(state = 3) exhausted, sum(state = 4) expired, sum(state = 5) cancelled
  FROM deliveries GROUP BY 1, 2 ORDER BY 1, 2`

/** What each webhook has had, as filed and as it is. */
const filed = "SELECT webhook, delivery, workspace FROM webhook_history ORDER BY webhook, delivery"
const stored = "SELECT webhook, id AS delivery, workspace FROM deliveries ORDER BY webhook, id"

type Known = { readonly id: DeliveryId; readonly eventId: EventId; readonly webhookId: WebhookId; attempts: number }

type Act =
  | { readonly do: "accept"; readonly to: readonly number[]; readonly atMs: number; readonly twice: boolean }
  | {
      readonly do: "settle"
      readonly which: number
      readonly next: "delivered" | "waiting" | "exhausted"
      readonly atMs: number
      readonly durationMs: number | null
    }
  | { readonly do: "expire"; readonly which: number; readonly atMs: number }
  | { readonly do: "reopen"; readonly which: number; readonly atMs: number }
  | { readonly do: "replay"; readonly which: number; readonly atMs: number }
  | { readonly do: "cancel"; readonly webhook: number; readonly atMs: number }
  | { readonly do: "forget"; readonly beforeMs: number }

/** What all machines are told, with ids given once. */
class Script {
  readonly webhookIds = [newWebhookId(), newWebhookId(), newWebhookId()]
  readonly replays: ReadonlyMap<WebhookId, Replay>
  readonly #known: Known[] = []
  readonly #workspaceId: Story["workspaceId"]

  constructor(workspaceId: Story["workspaceId"]) {
    this.#workspaceId = workspaceId
    this.replays = new Map(this.webhookIds.map((id) => [id, replayOf(workspaceId, id)]))
  }

  #webhook(index: number): WebhookId {
    return this.webhookIds[index % this.webhookIds.length] ?? newWebhookId()
  }

  /** @returns what to call on each store; null when there is nothing yet to do it to. */
  call(act: Act): ((store: Store) => Promise<unknown>) | null {
    const workspaceId = this.#workspaceId
    switch (act.do) {
      case "accept": {
        const event = newEvent({ acceptedMs: act.atMs, to: act.to.map((index) => this.#webhook(index)) })
        for (const { id, webhookId } of event.deliveries)
          this.#known.push({ id, eventId: event.id, webhookId, attempts: 0 })
        // The second fails, and its batch is made again one operation at a time.
        return async (store) => {
          const first = store.accept({ workspaceId, events: [event] })
          const second = act.twice ? store.accept({ workspaceId, events: [event] }) : null
          await Promise.allSettled([first, second])
          return first
        }
      }
      case "cancel":
        return (store) => store.cancelWaiting(workspaceId, this.#webhook(act.webhook), act.atMs, 2)
      case "forget":
        return (store) => store.forget(past(act.beforeMs), 1_000)
    }
    const known = this.#known[act.which % Math.max(1, this.#known.length)]
    if (known === undefined) return null
    const { id: deliveryId, webhookId, eventId } = known
    const settlement = { workspaceId, webhookId, deliveryId, atMs: act.atMs }
    switch (act.do) {
      case "settle": {
        const took = act.durationMs === null ? { statusCode: null } : { durationMs: act.durationMs }
        const sketch = { atMs: act.atMs - 700, ...took }
        const number = ++known.attempts
        const attempt = recordedAttempt(
          act.next === "delivered" ? newAttempt(number, sketch) : failedAttempt(number, sketch),
        )
        const next =
          act.next === "waiting"
            ? ({ state: "waiting", dueMs: act.atMs + 5_000 } as const)
            : act.next === "exhausted"
              ? ({ state: "exhausted", because: "attempts" } as const)
              : ({ state: "delivered" } as const)
        return (store) => store.settle({ ...settlement, attempt, next })
      }
      case "expire":
        return (store) => store.settle({ ...settlement, attempt: null, next: { state: "expired" } })
      case "reopen":
        return (store) => store.reopen(workspaceId, deliveryId, act.atMs)
      case "replay": {
        const replay = this.replays.get(webhookId)
        if (replay === undefined) return null
        const again: Known = { id: newDeliveryId(act.atMs), eventId, webhookId, attempts: 0 }
        this.#known.push(again)
        const deliveries = [{ id: again.id, eventId, laneKey: "" }]
        return (store) =>
          // Of an event that retention has removed meanwhile.
          store
            .enqueue({ workspaceId, webhookId, nowMs: act.atMs, deliveries, replay, examinedBefore: replay.examined })
            .catch((error: Error) => error.message)
      }
    }
  }
}

const atMs = fc.integer({ min: 0, max: 3 * minuteMs }).map((afterMs) => t0 + afterMs)
const which = fc.nat(30)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("accept" as const),
      to: fc.array(fc.nat(2), { maxLength: 4 }),
      atMs,
      twice: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      which,
      next: fc.constantFrom("delivered" as const, "waiting" as const, "exhausted" as const),
      atMs,
      durationMs: fc.option(fc.double({ min: 0.01, max: 90_000, noNaN: true })),
    }),
  },
  fc.record({ do: fc.constant("expire" as const), which, atMs }),
  fc.record({ do: fc.constant("reopen" as const), which, atMs }),
  fc.record({ do: fc.constant("replay" as const), which, atMs }),
  fc.record({ do: fc.constant("cancel" as const), webhook: fc.nat(2), atMs }),
  fc.record({ do: fc.constant("forget" as const), beforeMs: atMs }),
)
/** What is called at once shares commits. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(act, { minLength: 1, maxLength: 5 }) },
  { weight: 3, arbitrary: fc.constant("crash" as const) },
  fc.constant("restart" as const),
  fc.constant("read" as const),
)

describe("the books, written now and then", { timeout: 60_000 }, () => {
  test("are after any crash what they would be, had every commit written them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const [lazy, prompt] = [new Machine(), new Machine()]
        const { workspaceId } = new Story(lazy.store)
        const script = new Script(workspaceId)
        const read = async ({ store }: Machine) => [
          await store.health(workspaceId, "all"),
          ...(await Promise.all(
            script.webhookIds.map((webhookId) =>
              store.deliveries(workspaceId, { webhookId }, { limit: 100, before: null }),
            ),
          )),
        ]
        for (const replay of script.replays.values())
          await Promise.all([lazy, prompt].map(({ store }) => store.putReplay(replay)))
        for (const each of steps) {
          if (each === "crash") lazy.crash()
          else if (each === "restart") await lazy.restart()
          else if (each === "read") expect(await read(lazy)).toEqual(await read(prompt))
          else {
            const calls = each.flatMap((one) => script.call(one) ?? [])
            const answers = await Promise.all(calls.map((call) => call(lazy.store)))
            // One commit each, and the tables written after each.
            for (const [index, call] of calls.entries()) {
              expect(answers[index]).toEqual(await call(prompt.store))
              await read(prompt)
            }
          }
        }
        lazy.crash()
        expect(await read(lazy)).toEqual(await read(prompt))
        expect(lazy.query(counters)).toEqual(prompt.query(counters))
        expect(lazy.query(minutes)).toEqual(prompt.query(minutes))
        expect(lazy.query(waitingCounted)).toEqual(lazy.query(waitingRecounted))
        expect(lazy.query(statesCounted)).toEqual(lazy.query(statesRecounted))
        expect(lazy.query("SELECT * FROM books_journal")).toEqual([])
        expect(lazy.query(filed)).toEqual(lazy.query(stored))
        await Promise.all([lazy.close(), prompt.close()])
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })

  /** Waiting deliveries, more of them than are kept in the journal, each counted in a commit of its own hundred. */
  async function much(machine: Machine): Promise<Story> {
    const story = await Story.of(machine.store)
    const to = Array.from({ length: 100 }, () => story.webhookId)
    for (let events = 0; events < 130; events++) await story.accept(newEvent({ to }))
    return story
  }

  test("are written when the journal has grown long, and go on from there", async () => {
    const machine = new Machine()
    const story = await much(machine)
    expect(machine.query("SELECT last_sequence FROM webhook_counters")).toEqual([{ last_sequence: 10_000 }])
    expect(machine.query("SELECT count(*) commits FROM books_journal")).toEqual([{ commits: 30 }])
    expect(machine.query("SELECT count(*) filed FROM webhook_history")).toEqual([{ filed: 12_000 }])
    machine.crash()
    const accepted = await machine.store.accept({
      workspaceId: story.workspaceId,
      events: [newEvent({ to: [story.webhookId] })],
    })
    expect(accepted).toMatchObject({ events: [{ sequences: [13_001] }] })
    expect(await machine.store.backlogs()).toMatchObject([{ waiting: 13_001 }])
    await machine.close()
  })

  test("remember no more webhooks than they may, however many come and go, and count on", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tocsin-books-"))
    roots.push(directory)
    const db = new DatabaseSync(join(directory, "tocsin.db"))
    migrate(db, directory)
    const books = new Books(db, 100)
    const workspace = books.workspace(asId("ws_1"))
    const ids = Array.from({ length: 250 }, newWebhookId)
    for (let round = 1; round <= 3; round++)
      for (const id of ids) {
        db.exec("BEGIN")
        books.begin()
        expect(books.added(books.webhook(workspace, id), t0)).toBe(round)
        books.write()
        expect(books.webhooks).toBeLessThanOrEqual(100)
        db.exec("COMMIT")
      }
    expect(db.prepare("SELECT count(*) AS n, sum(waiting) AS waiting FROM webhook_counters").get()).toEqual({
      n: 250,
      waiting: 750,
    })
    db.close()
  })

  test("are whole in an export and in a backup of what a crash has left", async () => {
    const machine = new Machine()
    const { workspaceId } = await much(machine)
    machine.abandon()
    const { directory } = machine
    const backup = { directory, path: join(directory, "backup.db"), version: "1", now: () => t0, files: () => ({}) }
    const made = await backUp({ ...backup, said: () => {}, signal: new AbortController().signal })
    expect(made).toMatchObject({ waiting: 13_000 })

    const exporting = openSqliteExporting(directory)
    const counted: unknown[] = []
    for await (const page of exporting.pages([workspaceId]))
      counted.push(...page.filter(({ kind }) => kind === "counters" || kind === "minute"))
    await exporting.close()
    expect(machine.query("SELECT count(*) filed FROM webhook_history")).toEqual([{ filed: 13_000 }])
    expect(counted).toMatchObject([{ lastSequence: 13_000, waiting: 13_000 }, { pending: 13_000 }])
  })
})
