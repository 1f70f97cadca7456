import type { DeliveryId, EventId, ReplayId, WebhookId, WorkspaceId } from "../domain/ids.ts"

/** A waiting delivery is `fresh` until it is attempted or asked for again: stores find the two in different ways. */
export const movedStates = ["fresh", "delivered", "again", "exhausted", "expired", "cancelled"] as const
type MovedState = (typeof movedStates)[number]

type Of = { readonly workspaceId: WorkspaceId }

/**
 * What makes a workspace: few records, which a server holds in memory too. `record` is JSON text as `Store` was given
 * it, byte for byte; what stands beside it was derived from it.
 */
export type MovedConfiguration = Of &
  (
    | { readonly kind: "workspace"; readonly version: number; readonly record: string }
    | { readonly kind: "apiKey"; readonly id: string; readonly lastUsedMs: number | null; readonly record: string }
    | { readonly kind: "eventType"; readonly name: string; readonly version: number; readonly record: string }
    | {
        readonly kind: "webhook"
        readonly id: WebhookId
        readonly version: number
        readonly sending: boolean
        readonly deleted: boolean
        /** Its secrets are sealed inside. */
        readonly record: string
      }
    | {
        /** What counting a webhook's deliveries goes on from. */
        readonly kind: "counters"
        readonly webhookId: WebhookId
        readonly lastSequence: number
        readonly waiting: number
        readonly consecutiveFailures: number
        readonly failingSinceMs: number | null
        readonly lastSuccessMs: number | null
      }
    | {
        readonly kind: "replay"
        readonly id: ReplayId
        readonly state: string
        readonly createdMs: number
        readonly updatedMs: number
        readonly record: string
      }
    | { readonly kind: "auditHead"; readonly sequence: number; readonly hash: string }
  )

/** What happened in a workspace: any number of records, an event before its deliveries, those before their attempts. */
export type MovedHistory = Of &
  (
    | {
        readonly kind: "event"
        readonly id: EventId
        readonly type: string
        readonly createdMs: number
        readonly acceptedMs: number
        /** How many it had at its acceptance. */
        readonly deliveryCount: number
        readonly orderingKey: string | null
        /** JSON text. */
        readonly attributes: string
        /** JSON text. */
        readonly metadata: string | null
        readonly idempotencyKey: string | null
        readonly fingerprint: string | null
        readonly body: string
        /** Files of versions that kept none leave it out. */
        readonly trace?: string | null
      }
    | {
        readonly kind: "delivery"
        readonly id: DeliveryId
        readonly webhookId: WebhookId
        readonly eventId: EventId
        readonly eventType: string
        readonly sequence: number
        readonly state: MovedState
        readonly attempts: number
        readonly attemptsBefore: number
        readonly createdMs: number
        readonly windowFromMs: number
        readonly dueMs: number | null
        readonly endedMs: number | null
        readonly laneKey: string
        readonly because: string | null
        readonly replayId: ReplayId | null
        readonly lastStatusCode: number | null
        readonly lastErrorCode: string | null
      }
    | {
        readonly kind: "attempt"
        readonly deliveryId: DeliveryId
        readonly number: number
        readonly atMs: number
        readonly durationMs: number
        readonly statusCode: number | null
        /** Error, headers of both sides and response body, as JSON text. */
        readonly detail: string
      }
    | {
        /** What statistics read: a webhook's deliveries by the minute of creation, its attempts by theirs. */
        readonly kind: "minute"
        readonly webhookId: WebhookId
        /** Unix ms / 60,000. */
        readonly minute: number
        readonly pending: number
        readonly retrying: number
        readonly delivered: number
        readonly exhausted: number
        readonly expired: number
        readonly cancelled: number
        readonly succeeded: number
        readonly failed: number
        /** A latency histogram as JSON text; null without any. Files of versions that kept none leave it out. */
        readonly latencies?: string | null
      }
    | {
        /** The log outlives its workspace. `sequence` is null for what was written before there was a chain. */
        readonly kind: "audit"
        readonly id: string
        readonly sequence: number | null
        readonly record: string
      }
  )

export type MovedRecord = MovedConfiguration | MovedHistory

export const configurationKinds = [
  "workspace",
  "apiKey",
  "eventType",
  "webhook",
  "counters",
  "replay",
  "auditHead",
] as const satisfies readonly MovedConfiguration["kind"][]

export const historyKinds = [
  "event",
  "delivery",
  "attempt",
  "minute",
  "audit",
] as const satisfies readonly MovedHistory["kind"][]

export type HistoryCounts = Readonly<Record<MovedHistory["kind"], number>>

/** Everything of a store as it is at one moment. */
export interface Exporting {
  /** Workspaces with data to move, by id; also those of which only the audit log is left. Not those being removed. */
  workspaces(): Promise<readonly WorkspaceId[]>
  /** About how many records there are, to show progress by. */
  total(workspaceIds: readonly WorkspaceId[]): Promise<number>
  /** In the order of the kinds above, within a kind by workspace and id; never more than a page of them in memory. */
  pages(workspaceIds: readonly WorkspaceId[]): AsyncIterable<readonly MovedRecord[]>
  close(): Promise<void>
}

/**
 * Writes records as they were, numbers, attempts and states included, which `Store` cannot. History first, which nobody
 * sees; `finish` then shows all of it in one commit. So an import that was cut off has changed nothing that can be seen.
 */
export interface Importing {
  /** Those that are there already, or were deleted and left an audit log which another cannot be joined to. */
  taken(workspaceIds: readonly WorkspaceId[]): Promise<readonly WorkspaceId[]>
  /** What the nodes of this database have agreed on under a name; null without any. */
  agreed(name: string): Promise<string | null>
  /** Removes what an import that was cut off has left of these workspaces, none of which may be `taken`. */
  clear(workspaceIds: readonly WorkspaceId[]): Promise<void>
  /** One commit. Records that are there are left as they are: a batch may be put again. */
  put(records: readonly MovedHistory[]): Promise<void>
  /** What is there of these workspaces now. */
  counts(workspaceIds: readonly WorkspaceId[]): Promise<HistoryCounts>
  /** Shows the workspaces, in one commit. @returns "taken", and nothing written, when one has come to be meanwhile. */
  finish(workspaceIds: readonly WorkspaceId[], records: readonly MovedConfiguration[]): Promise<"done" | "taken">
  close(): Promise<void>
}
