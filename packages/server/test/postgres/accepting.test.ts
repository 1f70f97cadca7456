import { afterEach, beforeEach, expect, test } from "vitest"
import type { NewEvent } from "../../src/domain/event.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { plannedOnce, type Row, Session, type Value } from "../../src/stores/postgres/session.ts"
import { acceptBatch } from "../../src/stores/postgres/writes/accept.ts"
import { newEvent, Story } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

/** Lets something happen right before a statement of a batch is sent. */
class Watched extends Session {
  readonly statements: string[] = []
  before: { readonly text: string; readonly act: () => Promise<unknown> } | null = null

  override async run(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    this.statements.push(text.trim())
    const { before } = this
    if (before !== null && text.includes(before.text)) {
      this.before = null
      await before.act()
    }
    return super.run(text, values)
  }
}

const server = postgresForThisFile()
let store: PostgresStore
let session: Watched
let story: Story
let url: string
beforeEach(async () => {
  url = await server().freshDatabase()
  store = await openPostgresStore({ url })
  story = await Story.of(store)
  // So that its day has partitions.
  await story.accept(newEvent({}))
  session = new Watched(url, plannedOnce)
})
afterEach(async () => {
  await session.close()
  await store.close()
})

function keyed(...keys: readonly string[]): NewEvent[] {
  return keys.map((key) => newEvent({ to: [story.webhookId], idempotency: { key, fingerprint: "f" } }))
}

const accept = (events: readonly NewEvent[], on: Session = session) =>
  acceptBatch(
    on,
    events.map((event) => ({ workspaceId: story.workspaceId, events: [event] })),
  )

/** Sequences of all that waits, in order. */
async function sequences(): Promise<readonly number[]> {
  const { workspaceId, webhookId } = story
  const waiting = await store.waiting({ workspaceId, webhookId, read: "head", limit: 1_000 })
  return waiting.map(({ sequence }) => sequence)
}

test("a batch with new keys is one look and one write, without a transaction around them", async () => {
  const events = [...keyed("a", "b"), newEvent({ to: [story.webhookId] })]
  const outcomes = await accept(events)
  expect(outcomes).toMatchObject(
    [1, 2, 3].map((sequence) => ({ events: [{ duplicate: false, sequences: [sequence] }] })),
  )
  expect(session.statements).toHaveLength(2)
  expect(await accept(keyed("b"))).toMatchObject([{ events: [{ duplicate: true, id: events[1]?.id }] }])
})

test("a key that a rival takes between the look and the write stands for the rival's event; the rest is stored", async () => {
  const [rivals] = keyed("b")
  if (rivals === undefined) throw new Error("an event")
  const own = keyed("a", "b", "c")
  session.before = { text: "claimed AS", act: () => story.accept(rivals) }
  expect(await accept(own)).toMatchObject([
    { events: [{ id: own[0]?.id, duplicate: false, sequences: [2] }] },
    { events: [{ id: rivals.id, duplicate: true }] },
    { events: [{ id: own[2]?.id, duplicate: false, sequences: [3] }] },
  ])
  expect(session.statements).toContain("COMMIT")
  // Nothing twice, and no number was given to what was not stored.
  expect(await sequences()).toEqual([1, 2, 3])
})

test("what cannot be stored leaves no key behind", async () => {
  const [event] = keyed("a")
  if (event === undefined) throw new Error("an event")
  const nul = { ...event, orderingKey: "\0" }
  await expect(accept([nul])).rejects.toThrow()
  expect(await accept([event])).toMatchObject([{ events: [{ id: event.id, duplicate: false }] }])
})

test("batches that share keys, from two nodes at a time, in whatever order: each key is one event, none waits for ever", async () => {
  const other = new Watched(url, plannedOnce)
  let transactions = 0
  for (let round = 0; round < 30; round++) {
    const names = ["a", "b", "c", "d"].map((name) => `${name}${round}`)
    const [here, there] = [keyed(...names), keyed(...names.toReversed())]
    const [ours, theirs] = await Promise.all([accept(here), accept(there, other)])
    const ids = (outcomes: typeof ours) =>
      outcomes.map((outcome) => (outcome.outcome === "accepted" ? outcome.events[0]?.id : outcome.outcome))
    expect(ids(ours)).toEqual(ids(theirs).toReversed())
  }
  for (const each of [session, other])
    transactions += each.statements.filter((statement) => statement === "COMMIT").length
  await other.close()
  // Else nothing was tried.
  expect(transactions).toBeGreaterThan(0)
  expect(await sequences()).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
})
