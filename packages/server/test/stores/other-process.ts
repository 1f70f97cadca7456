/**
 * Another process, for the tests of SQLite on disk: opens the directory, or opens it and accepts and settles until it
 * is killed, writing a line for each acknowledgement.
 */

import type { Accepted } from "../../src/ports/store.ts"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { newAttempt, newEvent, Story } from "../contracts/store-fixtures.ts"

const [, , task, directory] = process.argv
if (directory === undefined) throw new Error("a directory is needed")
const store = await openSqliteStore({ directory }).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})

async function load(story: Story, index: number): Promise<void> {
  const event = newEvent({ to: [story.webhookId] })
  const accepted = await story.accept(event)
  const id = event.deliveries[0]?.id
  if (id === undefined) return
  const settled = index % 2 === 0
  if (settled) await story.settle(id, { state: "delivered" }, newAttempt(1))
  const { workspaceId, webhookId } = story
  const sequence = (accepted as Accepted).events[0]?.sequences[0]
  console.log(JSON.stringify({ workspaceId, webhookId, id, sequence, settled }))
}

if (task === "load") {
  const story = await Story.of(store)
  const runner = async (first: number) => {
    for (let index = first; ; index++) await load(story, index)
  }
  await Promise.all(Array.from({ length: 50 }, (_, index) => runner(index)))
}
await store.close()
