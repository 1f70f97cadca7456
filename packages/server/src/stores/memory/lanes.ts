import type { WaitingDelivery } from "../../domain/delivery.ts"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import type { Store, WaitingQuery } from "../../ports/store.ts"
import { type DeliveryRow, type Rows, waitingDelivery } from "./rows.ts"

/** See `Store.waiting`. */
export function waiting(rows: Rows, query: WaitingQuery): readonly WaitingDelivery[] {
  const webhook = rows.visible(query.workspaceId)?.webhooks.get(query.webhookId)
  if (webhook === undefined) return []
  return select([...webhook.waiting].sort(bySequence), query)
    .slice(0, query.limit)
    .map((row) => waitingDelivery(query.workspaceId, row))
}

function select(inOrder: readonly DeliveryRow[], query: WaitingQuery): readonly DeliveryRow[] {
  switch (query.read) {
    case "head":
      return inOrder
    case "key":
      return inOrder.filter((row) => row.laneKey === query.laneKey)
    case "keyHeads":
      return keyHeads(inOrder, query.afterKey)
    case "fresh":
      return inOrder.filter((row) => row.fresh && row.sequence > query.afterSequence)
    case "retries":
      return inOrder.filter((row) => !row.fresh && dueMs(row) <= query.byMs).sort((a, b) => dueMs(a) - dueMs(b))
  }
}

function keyHeads(inOrder: readonly DeliveryRow[], afterKey: string | null): readonly DeliveryRow[] {
  const heads = new Map<string, DeliveryRow>()
  for (const row of inOrder)
    if (!heads.has(row.laneKey) && (afterKey === null || compareKeys(row.laneKey, afterKey) > 0))
      heads.set(row.laneKey, row)
  return [...heads].sort(([a], [b]) => compareKeys(a, b)).map(([, row]) => row)
}

/** By UTF-8 bytes, as databases compare; JavaScript compares UTF-16 units, which differs above U+FFFF. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** See `Store.nextDue`. */
export function nextDue(rows: Rows, workspaceId: WorkspaceId, webhookId: WebhookId, afterMs: number): number | null {
  let earliestMs: number | null = null
  for (const row of rows.visible(workspaceId)?.webhooks.get(webhookId)?.waiting ?? [])
    if (!row.fresh && dueMs(row) > afterMs && (earliestMs === null || dueMs(row) < earliestMs)) earliestMs = dueMs(row)
  return earliestMs
}

/** See `Store.backlogs`. */
export function backlogs(rows: Rows): readonly { workspaceId: WorkspaceId; webhookId: WebhookId; waiting: number }[] {
  return [...rows.workspaces.values()]
    .filter((workspace) => workspace.deletedMs === null)
    .flatMap((workspace) =>
      [...workspace.webhooks.values()]
        .filter((webhook) => webhook.waiting.size > 0)
        .map((webhook) => ({ workspaceId: workspace.id, webhookId: webhook.id, waiting: webhook.waiting.size })),
    )
}

/** See `Store.waitingSince`. */
export function waitingSince(rows: Rows): Awaited<ReturnType<Store["waitingSince"]>> {
  return backlogs(rows).map((backlog) => {
    const waiting = rows.workspaces.get(backlog.workspaceId)?.webhooks.get(backlog.webhookId)?.waiting ?? []
    return { ...backlog, sinceMs: Math.min(...[...waiting].map(({ createdMs }) => createdMs)) }
  })
}

function bySequence(a: DeliveryRow, b: DeliveryRow): number {
  return a.sequence - b.sequence
}

function dueMs(row: DeliveryRow): number {
  return row.dueMs ?? row.createdMs
}
