import type { DeliveryId } from "../../src/domain/ids.ts"
import type { Exporting, Importing, MovedConfiguration, MovedHistory, MovedRecord } from "../../src/ports/moving.ts"
import { configurationKinds } from "../../src/ports/moving.ts"
import type { Store } from "../../src/ports/store.ts"
import {
  apiKeyOf,
  auditOf,
  eventTypeOf,
  failedAttempt,
  minuteMs,
  newAttempt,
  newDeliveryId,
  newEvent,
  newWebhookId,
  replayOf,
  Story,
  t0,
  webhookOf,
} from "./store-fixtures.ts"

const hourMs = 60 * minuteMs

/** A database that a store, an export and an import can be opened on, one at a time. */
export type Place = {
  store(): Promise<Store>
  exporting(): Promise<Exporting>
  importing(): Promise<Importing>
}

export const oddBody = '{"n":12345678901234567890,"f":1.0, "s":"🔔\u2028 \\ud83d \\" \\\\"}'

export type LivedIn = {
  readonly story: Story
  /** Waiting, in the order of their sequences. */
  readonly waiting: readonly DeliveryId[]
  readonly delivered: DeliveryId
  readonly lastSequence: number
}

/** A workspace in which everything has happened that can. */
export async function liveIn(store: Store): Promise<LivedIn> {
  const story = await Story.of(store)
  const { workspaceId, webhookId } = story
  const gone = newWebhookId()
  const key = apiKeyOf(workspaceId)
  await store.configure(
    [
      { kind: "apiKey", put: key },
      { kind: "eventType", put: eventTypeOf(workspaceId, "own.type", 1) },
      { kind: "webhook", put: webhookOf(workspaceId, gone, 1) },
    ],
    [auditOf(workspaceId, "webhook.created")],
  )
  await store.touchKeys([{ workspaceId, id: key.id, atMs: t0 + 5 }])

  const delivered = await story.delivery({
    body: oddBody,
    idempotency: { key: "first", fingerprint: "f1" },
    attributes: { severity: "high", environment: null },
    metadata: '{"trace":"a"}',
    trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=a",
  })
  await story.settle(delivered, { state: "waiting", dueMs: t0 + minuteMs }, failedAttempt(1))
  await story.settle(delivered, { state: "delivered" }, newAttempt(2, { atMs: t0 + minuteMs, durationMs: 0.125 }))
  await story.accept(newEvent({ orderingKey: "nobody's" }))
  const lost = await story.delivery({ acceptedMs: t0 + 1 })
  await story.settle(lost, { state: "exhausted", because: "attempts" }, failedAttempt(1, { atMs: t0 + 2 }))
  await story.settle(await story.delivery({ acceptedMs: t0 + 2 }), { state: "expired" }, null, t0 + hourMs)
  await store.accept({ workspaceId, events: [newEvent({ acceptedMs: t0 + 3, to: [gone] })] })
  await store.configure(
    [{ kind: "webhook", put: webhookOf(workspaceId, gone, 2, { deletedMs: t0 + 4, sealed: null }) }],
    [],
  )
  await store.cancelWaiting(workspaceId, gone, t0 + 5, 10)
  const again = await story.delivery({ acceptedMs: t0 + 6 })
  await story.settle(again, { state: "exhausted", because: "window" }, failedAttempt(1, { atMs: t0 + 7 }))
  await store.reopen(workspaceId, again, t0 + 8)
  const retried = await story.delivery({ acceptedMs: t0 + 9 })
  await story.settle(retried, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1, { atMs: t0 + 10 }))
  const fresh = await story.delivery({ acceptedMs: t0 + 24 * hourMs, to: [{ webhookId, laneKey: "asset-1" }] })
  const replayed = newDeliveryId(t0 + 25 * hourMs)
  const { eventId } = await story.stateOf(delivered)
  const replay = replayOf(workspaceId, webhookId, { examined: 1, enqueued: 1, afterId: eventId })
  await store.putReplay({ ...replay, examined: 0, enqueued: 0, afterId: null })
  await store.enqueue({
    workspaceId,
    webhookId,
    nowMs: t0 + 25 * hourMs,
    deliveries: [{ id: replayed, eventId, laneKey: "" }],
    replay,
    examinedBefore: 0,
  })
  await store.note(auditOf(workspaceId, "webhook.secret_revealed"))
  return { story, waiting: [again, retried, fresh, replayed], delivered, lastSequence: 7 }
}

/** Everything that is in a place. */
export async function recordsIn(place: Place): Promise<readonly MovedRecord[]> {
  const exporting = await place.exporting()
  try {
    const workspaces = await exporting.workspaces()
    const records: MovedRecord[] = []
    for await (const page of exporting.pages(workspaces)) records.push(...page)
    return records
  } finally {
    await exporting.close()
  }
}

export const configurationOf = (records: readonly MovedRecord[]) =>
  records.filter((record): record is MovedConfiguration => configuring.has(record.kind))
export const historyOf = (records: readonly MovedRecord[]) =>
  records.filter((record): record is MovedHistory => !configuring.has(record.kind))
const configuring: ReadonlySet<string> = new Set(configurationKinds)

export const workspacesOf = (records: readonly MovedRecord[]) => [
  ...new Set(records.map(({ workspaceId }) => workspaceId)),
]

/** Imports in small batches, as the command does. */
export async function moveInto(place: Place, records: readonly MovedRecord[]): Promise<void> {
  const importing = await place.importing()
  try {
    await importing.clear(workspacesOf(records))
    const history = historyOf(records)
    for (let from = 0; from < history.length; from += 7) await importing.put(history.slice(from, from + 7))
    const outcome = await importing.finish(workspacesOf(records), configurationOf(records))
    if (outcome !== "done") throw new Error(`the import was refused: ${outcome}`)
  } finally {
    await importing.close()
  }
}
