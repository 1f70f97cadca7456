import type { DeliveryStatus } from "../../../src/domain/delivery.ts"
import type { WorkspaceId } from "../../../src/domain/ids.ts"
import type { DeliveryRecord } from "../../../src/ports/store.ts"
import type { Disk } from "../disks/disk.ts"
import type { Model, ModelDelivery } from "./model.ts"
import type { Verdicts } from "./verdicts.ts"

const all = { limit: 1_000_000, before: null }

/** Holds every stored delivery, and when asked every logged attempt, against the model. */
export async function compare(
  model: Model,
  disk: Disk,
  workspaceId: WorkspaceId,
  verdicts: Verdicts,
  withLog: boolean,
): Promise<void> {
  const stored = await disk.direct.deliveries(workspaceId, {}, all)
  verdicts.hold(
    stored.length === model.deliveries.size,
    "nothing is lost and nothing invented",
    () => `${stored.length} deliveries are stored, ${model.deliveries.size} must be`,
  )
  for (const record of stored) {
    const row = model.deliveries.get(record.id)
    if (!row) return verdicts.broken("nothing is lost and nothing invented", `${record.id} was never accepted`)
    const differs = difference(record, isYetToBeCancelled(model, row, record), row, statusOf(model, row))
    verdicts.hold(differs === "", "storage holds what was made durable", () => `${record.id}: ${differs}`)
    if (!withLog) continue
    const log = await disk.direct.attempts(workspaceId, record.id)
    const logged = log.map(({ number, atMs, statusCode, error }) => key(number, atMs, statusCode, error?.code))
    const owed = row.log.map((one) => key(one.number, one.atMs, one.statusCode, one.errorCode))
    const [found, wanted] = [logged.sort().join(", "), owed.sort().join(", ")]
    verdicts.hold(
      found === wanted,
      "the log has what was made durable",
      () => `${record.id}: ${found} is logged, ${wanted} must be`,
    )
  }
}

/** The model cancels what waits for a deleted webhook at once, the store some hundred at a time and in an order of its own. */
function isYetToBeCancelled(model: Model, { webhookId, state }: ModelDelivery, record: DeliveryRecord): boolean {
  const left = model.webhooks.get(webhookId)?.yetToCancel ?? 0
  return left > 0 && state === "cancelled" && record.state === "waiting"
}

function difference(
  record: DeliveryRecord,
  yetToBeCancelled: boolean,
  row: ModelDelivery,
  status: DeliveryStatus,
): string {
  const { state, because, attempts, sequence, laneKey, windowFromMs, webhookId, eventId, replayId } = row
  const owed: Partial<DeliveryRecord> = {
    state,
    because,
    attempts,
    sequence,
    laneKey,
    windowFromMs,
    webhookId,
    eventId,
    replayId,
    dueMs: status === "cancelled" ? null : row.dueMs,
    status,
  }
  const given: Readonly<Record<string, unknown>> = record
  return Object.entries(owed)
    .filter(([name, value]) => given[name] !== value && !(yetToBeCancelled && name === "state"))
    .map(([name, value]) => `${name} is ${String(given[name])} and must be ${String(value)}`)
    .join(", ")
}

/** The named states of wire.md, by a rule of their own. */
function statusOf(model: Model, row: ModelDelivery): DeliveryStatus {
  if (row.state !== "waiting") return row.state
  const record = model.webhooks.get(row.webhookId)?.record
  if (record === undefined || record.deletedMs !== null) return "cancelled"
  if (!record.active || record.disabled !== null) return "held"
  return row.attempts > 0 ? "retrying" : "pending"
}

function key(...parts: readonly (string | number | null | undefined)[]): string {
  return parts.map((part) => part ?? "none").join("/")
}
