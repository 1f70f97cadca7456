import { asId, type WebhookId, type WorkspaceId } from "../../packages/server/src/domain/ids.ts"
import type { Store } from "../../packages/server/src/ports/store.ts"
import { openSqliteStore } from "../../packages/server/src/stores/sqlite/open-sqlite-store.ts"
import { inParallel } from "../load/in-parallel.ts"
import { acceptedEvent, delivered } from "../load/lifecycle.ts"
import type { Workspace } from "../load/workspace.ts"

const eventsEach = 250
const atOnce = 6
/** With ten deliveries an event, history grows faster than through the intake. */
const fanOut = 10

/** Puts pending deliveries into a store whose server is stopped: one each of as many events, for the webhooks in turn. */
export async function seedPending(
  directory: string,
  workspace: Workspace,
  deliveries: number,
  tell: (done: number) => void,
): Promise<void> {
  const workspaceId = asId<WorkspaceId>(workspace.id)
  const webhookIds = workspace.webhookIds.map((id) => asId<WebhookId>(id))
  let done = 0
  await withStore(directory, (store) =>
    inParallel({ all: deliveries, each: eventsEach, atOnce }, async (from, count) => {
      const events = Array.from({ length: count }, (_, at) => {
        const webhookId = webhookIds[(from + at) % webhookIds.length]
        return acceptedEvent(webhookId === undefined ? [] : [webhookId])
      })
      await store.accept({ workspaceId, events })
      done += count
      tell(done)
    }),
  )
}

/** Puts delivered deliveries with an attempt each into a store whose server is stopped. */
export async function seedHistory(
  directory: string,
  workspace: Workspace,
  attempts: number,
  tell: (done: number) => void,
): Promise<void> {
  const workspaceId = asId<WorkspaceId>(workspace.id)
  const webhookIds = workspace.webhookIds.map((id) => asId<WebhookId>(id))
  const width = Math.min(fanOut, webhookIds.length)
  let done = 0
  await withStore(directory, (store) =>
    inParallel({ all: attempts, each: eventsEach * width, atOnce }, async (from, count) => {
      const events = Array.from({ length: Math.ceil(count / width) }, (_, at) => {
        const first = from + at * width
        const to = Array.from({ length: Math.min(width, from + count - first) }, (__, next) => {
          return webhookIds[(first + next) % webhookIds.length]
        })
        return acceptedEvent(to.filter((id) => id !== undefined))
      })
      await store.accept({ workspaceId, events })
      const settlements = events.flatMap((event) =>
        event.deliveries.map((delivery) => store.settle(delivered(workspaceId, event, delivery, from))),
      )
      await Promise.all(settlements)
      done += count
      tell(done)
    }),
  )
}

async function withStore(directory: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openSqliteStore({ directory })
  try {
    await work(store)
  } finally {
    await store.close()
  }
}
