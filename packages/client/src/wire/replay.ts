import type { DeliveryStatus } from "./delivery.ts"

export type NewReplay = {
  /** When the events were accepted: RFC 3339, inclusive. */
  readonly from: string
  /** RFC 3339, exclusive. */
  readonly to: string
  readonly event_types?: readonly string[] | undefined
  /** Of the event's last delivery to the webhook. */
  readonly statuses?: readonly DeliveryStatus[] | undefined
  /** Only events never delivered to the webhook. */
  readonly only_missing?: boolean | undefined
}

/** A job that delivers past events to a webhook again. */
export type Replay = {
  readonly id: string
  readonly webhook_id: string
  readonly from: string
  readonly to: string
  readonly event_types: readonly string[] | null
  readonly statuses: readonly DeliveryStatus[] | null
  readonly only_missing: boolean
  readonly state: "running" | "completed" | "cancelled"
  /** `share`: how far it is, 0 to 1, by the times of the events. */
  readonly progress: { readonly examined: number; readonly enqueued: number; readonly share: number }
  readonly created: string
  readonly updated: string
}
