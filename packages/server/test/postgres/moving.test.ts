import { expect, test } from "vitest"
import { openPostgresExporting } from "../../src/stores/postgres/moving/exporting.ts"
import { openPostgresImporting } from "../../src/stores/postgres/moving/importing.ts"
import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import {
  configurationOf,
  historyOf,
  liveIn,
  moveInto,
  type Place,
  recordsIn,
  workspacesOf,
} from "../contracts/lived-in.ts"
import { movingContract } from "../contracts/moving-contract.ts"
import { newSqlitePlace } from "../contracts/sqlite-place.ts"
import { minuteMs, newAttempt, newEvent, past, Story, t0 } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

async function newPostgresPlace(): Promise<Place> {
  const url = await server().freshDatabase()
  return {
    store: () => openPostgresStore({ url }),
    exporting: () => openPostgresExporting(url),
    importing: () => openPostgresImporting(url),
  }
}

movingContract("postgres", newPostgresPlace)

const unhurried = { timeout: 60_000 }

test(
  "there and back: from embedded to PostgreSQL to embedded, all is the same, record for record",
  unhurried,
  async () => {
    const [home, away, back] = [await newSqlitePlace(), await newPostgresPlace(), await newSqlitePlace()]
    const store = await home.store()
    await liveIn(store)
    await liveIn(store)
    await store.close()
    const records = await recordsIn(home)
    expect(records.length).toBeGreaterThan(70)
    await moveInto(away, records)
    const there = await recordsIn(away)
    expect(there).toEqual(records)
    await moveInto(back, there)
    expect(await recordsIn(back)).toEqual(records)
  },
)

test("an export of a running instance is of one moment, whatever is written meanwhile", unhurried, async () => {
  const place = await newPostgresPlace()
  const store = await place.store()
  try {
    const { story } = await liveIn(store)
    const before = await recordsIn(place)
    const exporting = await place.exporting()
    // From its first read on it sees what was there then.
    const workspaces = await exporting.workspaces()
    await store.accept({ workspaceId: story.workspaceId, events: [newEvent({ to: [story.webhookId] })] })
    const records = []
    for await (const page of exporting.pages(workspaces)) records.push(...page)
    await exporting.close()
    expect(records).toEqual(before)
    expect(await recordsIn(place)).not.toEqual(before)
  } finally {
    await store.close()
  }
})

test(
  "an export holds what waits, though retention makes its day anew after the export's moment",
  unhurried,
  async () => {
    const place = await newPostgresPlace()
    const store = await place.store()
    try {
      const story = await Story.of(store)
      for (let n = 0; n < 3; n++)
        await story.settle(await story.delivery(), { state: "delivered" }, newAttempt(1, { atMs: t0 + minuteMs }))
      await story.delivery()
      const before = await recordsIn(place)
      const exporting = await place.exporting()
      const workspaces = await exporting.workspaces()
      while (await store.forget(past(t0 + 5 * 86_400_000), 500));
      const records = []
      for await (const page of exporting.pages(workspaces)) records.push(...page)
      await exporting.close()
      expect(records).toEqual(before)
    } finally {
      await store.close()
    }
  },
)

test("retention waits for an import: what waits in it, however old, is there in the end", unhurried, async () => {
  const [home, place] = [await newSqlitePlace(), await newPostgresPlace()]
  const from = await home.store()
  const story = await Story.of(from)
  await story.delivery()
  await from.close()
  const records = await recordsIn(home)
  const store = await place.store()
  try {
    const importing = await place.importing()
    await importing.clear([story.workspaceId])
    await importing.put(historyOf(records))
    while (await store.forget(past(t0 + 50 * 86_400_000), 500));
    expect(await importing.counts([story.workspaceId])).toMatchObject({ event: 1, delivery: 1 })
    expect(await importing.finish(workspacesOf(records), configurationOf(records))).toBe("done")
    await importing.close()
    while (await store.forget(past(t0 + 50 * 86_400_000), 500));
    expect(await store.deliveries(story.workspaceId, {}, { limit: 9, before: null })).toHaveLength(1)
  } finally {
    await store.close()
  }
})

test("of two imports into one database the second is refused while the first is under way", unhurried, async () => {
  const place = await newPostgresPlace()
  const first = await place.importing()
  await expect(place.importing()).rejects.toThrow("Another import into this database is under way")
  await first.close()
  await (await place.importing()).close()
})
