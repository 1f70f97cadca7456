import type { DeliveryStatus } from "./delivery.ts"
import type { EventId, ReplayId, WebhookId, WorkspaceId } from "./ids.ts"

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
  readonly examined: number
  readonly enqueued: number
  readonly createdMs: number
  readonly updatedMs: number
}
