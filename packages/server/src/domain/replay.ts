import type { DeliveryStatus } from "./delivery.ts"
import { type EventId, mintedMs, type ReplayId, type WebhookId, type WorkspaceId } from "./ids.ts"

export type ReplayState = "running" | "completed" | "cancelled"

/** A job that delivers past events to a webhook again. */
export type Replay = {
  readonly id: ReplayId
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly fromMs: number
  readonly toMs: number
  readonly eventTypes: readonly string[] | null
  readonly statuses: readonly DeliveryStatus[] | null
  /** Only events that were never delivered to the webhook. */
  readonly onlyMissing: boolean
  readonly state: ReplayState
  /** The last event looked at; the job goes on after it. */
  readonly afterId: EventId | null
  /** The first event to look at and, as it was then, the last; left out until the job has looked for them. */
  readonly ends?: { readonly firstId: EventId; readonly lastId: EventId }
  readonly examined: number
  readonly enqueued: number
  readonly createdMs: number
  readonly updatedMs: number
}

/**
 * How far a job is, 0 to 1, by the times of the events it goes through: counting them beforehand would cost a second
 * walk through what may be millions.
 */
export function shareDone({ state, afterId, ends }: Pick<Replay, "state" | "afterId" | "ends">): number {
  if (state === "completed") return 1
  if (afterId === null || ends === undefined) return 0
  const firstMs = mintedMs(ends.firstId)
  const spanMs = mintedMs(ends.lastId) - firstMs
  return spanMs <= 0 ? 1 : Math.min(1, Math.max(0, (mintedMs(afterId) - firstMs) / spanMs))
}
