import type { AuditEntry, AuditHead, AuditRecord } from "../domain/audit.ts"
import type {
  Attempt,
  DeliveryStatus,
  Next,
  RecordedAttempt,
  StoredState,
  WaitingDelivery,
} from "../domain/delivery.ts"
import type { ListedEvent, NewEvent, StoredEvent } from "../domain/event.ts"
import type { ApiKeyId, AuditId, DeliveryId, EventId, ReplayId, WebhookId, WorkspaceId } from "../domain/ids.ts"
import type { LatencyHistogram } from "../domain/latency-histogram.ts"
import type { Replay } from "../domain/replay.ts"
import type { Attributes, Webhook, WebhookHealth } from "../domain/webhook.ts"
import type { ApiKey, CustomEventType, Workspace } from "../domain/workspace.ts"

/**
 * The store cannot take more now: it is full, away, or its queue is.
 * The API answers 503 with `Retry-After`.
 */
export class StoreUnavailable extends Error {
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds = 1, options?: ErrorOptions) {
    super(message, options)
    this.name = "StoreUnavailable"
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Nothing of the operation was begun, so that nothing of it can have been kept. */
export class StoreRefused extends StoreUnavailable {}

// ---------------------------------------------------------------- accepting

export type Acceptance = {
  readonly workspaceId: WorkspaceId
  /** Stored together or not at all. */
  readonly events: readonly NewEvent[]
}

/** An event that something else brings about, to be accepted in its commit. */
export type Brought = { readonly workspaceId: WorkspaceId; readonly event: NewEvent }

export type Accepted = {
  readonly outcome: "accepted"
  /** One for each event of the acceptance, in its order. */
  readonly events: readonly AcceptedEvent[]
}

export type AcceptedEvent = {
  /** The first event's id when this one repeats its idempotency key. */
  readonly id: EventId
  readonly createdMs: number
  readonly duplicate: boolean
  /** How many deliveries the event had at its acceptance. */
  readonly deliveryCount: number
  /** Sequence numbers of its new deliveries, in the order of `NewEvent.deliveries`; empty for a duplicate. */
  readonly sequences: readonly number[]
}

/** What an idempotency key stands for: the event that was first accepted with it. */
export type KeyedEvent = Omit<AcceptedEvent, "duplicate" | "sequences"> & {
  readonly key: string
  readonly fingerprint: string
}

export type AcceptConflict = {
  readonly outcome: "conflict"
  /** Index in `Acceptance.events` of the event whose idempotency key was used with another content. */
  readonly index: number
}

// ---------------------------------------------------------------- settling

export type Settlement = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly deliveryId: DeliveryId
  readonly atMs: number
  /** Null when the delivery ended without one (expired). */
  readonly attempt: RecordedAttempt | null
  /**
   * With an end without an attempt: the window that it was decided for. A delivery that has got another since then stays
   * as it is.
   */
  readonly windowFromMs?: number
  readonly next: Next
  /** An event of the same workspace that this brings about: accepted in the same commit, unless its key is known. */
  readonly brings?: NewEvent | null
}

// ---------------------------------------------------------------- lanes

/**
 * Which waiting deliveries of a webhook to read.
 * - `head`: the first ones by sequence, whenever they are due (strict).
 * - `key`: the first ones by sequence of one lane key.
 * - `keyHeads`: the first one of each lane key greater than `afterKey`, in the order of the keys.
 * - `fresh`: those never attempted nor reopened, with a sequence above `afterSequence`, by sequence (none).
 * - `retries`: those attempted or reopened before and due by `byMs`, the earliest due first (none).
 */
export type WaitingQuery = {
  readonly webhookId: WebhookId
  readonly workspaceId: WorkspaceId
  readonly limit: number
} & WaitingRead

export type WaitingRead =
  | { readonly read: "head" }
  | { readonly read: "key"; readonly laneKey: string }
  | { readonly read: "keyHeads"; readonly afterKey: string | null }
  | { readonly read: "fresh"; readonly afterSequence: number }
  | { readonly read: "retries"; readonly byMs: number }

// ---------------------------------------------------------------- configuration

/** One change of configuration. Records are written whole. */
export type ConfigChange =
  | { readonly kind: "workspace"; readonly put: Workspace }
  /** Takes its types with it, revokes its keys, and deletes its webhooks with all that was sealed. */
  | { readonly kind: "workspaceDeleted"; readonly id: WorkspaceId; readonly atMs: number }
  | { readonly kind: "apiKey"; readonly put: ApiKey }
  | { readonly kind: "apiKeyForgotten"; readonly workspaceId: WorkspaceId; readonly id: ApiKeyId }
  | { readonly kind: "webhook"; readonly put: StoredWebhook }
  | { readonly kind: "eventType"; readonly put: CustomEventType }
  | { readonly kind: "eventTypeDeleted"; readonly workspaceId: WorkspaceId; readonly name: string }

/** A webhook as stored: what holds credentials sealed, the rest in the clear. Stores never see a secret. */
export type StoredWebhook = Omit<Webhook, "secrets" | "headers" | "authorization" | "tls"> & {
  /** Null for a deleted one: its credentials went with it. */
  readonly sealed: string | null
}

export type ConfigSnapshot = {
  readonly workspaces: readonly Workspace[]
  readonly apiKeys: readonly ApiKey[]
  /** Deleted ones left out: there may be any number of them. */
  readonly webhooks: readonly StoredWebhook[]
  readonly eventTypes: readonly CustomEventType[]
}

// ---------------------------------------------------------------- the log

export type DeliveryRecord = {
  readonly id: DeliveryId
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly eventId: EventId
  readonly eventType: string
  readonly sequence: number
  readonly laneKey: string
  readonly state: StoredState
  readonly status: DeliveryStatus
  /** Why an exhausted one was given up; null otherwise. */
  readonly because: string | null
  readonly attempts: number
  readonly createdMs: number
  readonly windowFromMs: number
  /** When the next attempt is due; null once ended. */
  readonly dueMs: number | null
  readonly endedMs: number | null
  readonly replayId: ReplayId | null
  /** Of the last attempt; null when there was none or no response. */
  readonly lastStatusCode: number | null
  readonly lastErrorCode: string | null
}

export type Page = {
  readonly limit: number
  /** The id after which to go on (exclusive); null from the newest. */
  readonly before: string | null
}

export type DeliveryFilter = {
  readonly webhookId?: WebhookId
  readonly eventId?: EventId
  readonly eventType?: string
  readonly status?: DeliveryStatus
  /** Creation, inclusive. */
  readonly fromMs?: number
  /** Creation, exclusive. */
  readonly toMs?: number
}

export type EventFilter = {
  readonly type?: string
  readonly fromMs?: number
  readonly toMs?: number
  /** Part of the body, case-insensitive for ASCII. */
  readonly text?: string
}

/** @property minuteMs when the minute begins. */
export type AttemptsOfMinute = { readonly minuteMs: number; readonly attempts: number }

export type StatsPoint = {
  /** Start of the slice. */
  readonly atMs: number
  readonly delivered: number
  readonly failed: number
  /** Of the slice's attempts that got a response. */
  readonly latencies: LatencyHistogram
}

export type WebhookStats = {
  /** Deliveries created since `sinceMs`, by status now. */
  readonly byStatus: Readonly<Record<DeliveryStatus, number>>
  readonly attempts: { readonly succeeded: number; readonly failed: number }
  readonly series: readonly StatsPoint[]
}

// ---------------------------------------------------------------- replays

export type ReplayCandidate = {
  readonly eventId: EventId
  readonly type: string
  readonly attributes: Attributes
  readonly orderingKey: string | null
  /** Status of the newest delivery of this event to the webhook; null when it has none. */
  readonly latest: DeliveryStatus | null
  /** Whether any delivery of it to the webhook succeeded. */
  readonly everDelivered: boolean
}

export type Enqueue = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly nowMs: number
  /** New deliveries of stored events, in this order. */
  readonly deliveries: readonly {
    readonly id: DeliveryId
    readonly eventId: EventId
    readonly laneKey: string
  }[]
  /** The job's new state, kept in the same commit so that a restart neither repeats nor skips. */
  readonly replay: Replay
  /** What it had examined when this step was worked out. Stored with another count, the step has been made by someone else. */
  readonly examinedBefore: number
}

/** What retention lets go of: what was over before the first moment, and what was deleted before the second. */
export type Past = { readonly beforeMs: number; readonly deletedBeforeMs: number }

/**
 * Everything durable. One contract suite (`test/contracts/`) holds every adapter to it.
 *
 * Promised throughout: a resolved write is durable; a rejected one left nothing; acceptances and settlements take
 * effect in the order of their calls. Adapters gather concurrent writes into one commit.
 * Deliberately left out: leases and visibility timeouts (one dispatcher owns a webhook), priorities, and any rule of
 * retry or matching (decided in `domain/`).
 */
export interface Store {
  /**
   * Stores events with their deliveries and numbers the deliveries per webhook. An event whose idempotency key is
   * known is not stored again: same fingerprint, a duplicate; another, a conflict, and nothing of the acceptance is
   * kept. The same holds between events of one acceptance.
   * @throws StoreUnavailable
   */
  accept(acceptance: Acceptance): Promise<Accepted | AcceptConflict>
  /** Of the given idempotency keys those that are known, in any order. */
  acceptedBefore(workspaceId: WorkspaceId, keys: readonly string[]): Promise<readonly KeyedEvent[]>

  /**
   * (Disabling a webhook after a 410 or five bad days is a configuration change of its own: `configure`.)
   *
   * Records the attempt, moves the delivery and updates the webhook's health, together. A delivery that is no longer
   * waiting keeps its state, but the attempt is recorded; a success always makes it `delivered`. An attempt that is
   * recorded already (its number and moment tell) changes nothing: a commit's answer can be lost, and what people have
   * asked for since then stands.
   * @returns false, and nothing written, when this node may no longer settle for the webhook.
   * @throws StoreUnavailable
   */
  settle(settlement: Settlement): Promise<boolean>

  /**
   * Makes a delivery waiting and due at `nowMs`. One that had ended gets a fresh window and a fresh budget of
   * attempts; one that was waiting keeps both.
   * @returns the webhook to wake; null for an id unknown in this workspace.
   */
  reopen(workspaceId: WorkspaceId, id: DeliveryId, nowMs: number): Promise<WebhookId | null>

  /** Waiting deliveries to fill a lane with, each with its body. */
  waiting(query: WaitingQuery): Promise<readonly WaitingDelivery[]>
  /** The earliest `dueMs` later than `afterMs` among the waiting ones attempted or reopened before; null without any. */
  nextDue(workspaceId: WorkspaceId, webhookId: WebhookId, afterMs: number): Promise<number | null>
  /**
   * How many attempts began in each minute, the one in which `sinceMs` lies whole; the oldest first, minutes without any left
   * out. For rate limits: what is not told here is sent too soon.
   */
  attemptsByMinute(
    workspaceId: WorkspaceId,
    webhookId: WebhookId,
    sinceMs: number,
  ): Promise<readonly AttemptsOfMinute[]>
  /** Webhooks that have waiting deliveries. */
  backlogs(): Promise<readonly { workspaceId: WorkspaceId; webhookId: WebhookId; waiting: number }[]>
  /**
   * The same, with when the first of the waiting ones was created. For figures: it may take a moment where many
   * webhooks have backlogs, and must not delay commits meanwhile.
   */
  waitingSince(): Promise<
    readonly { workspaceId: WorkspaceId; webhookId: WebhookId; waiting: number; sinceMs: number }[]
  >
  /**
   * Ends up to `limit` waiting deliveries of a deleted webhook as cancelled; of one that is there, none: who asks may not
   * have heard of it yet. @returns how many.
   */
  cancelWaiting(workspaceId: WorkspaceId, webhookId: WebhookId, atMs: number, limit: number): Promise<number>

  loadConfig(): Promise<ConfigSnapshot>
  /**
   * Applies changes and their audit entries in one commit, which links each entry to its workspace's chain
   * (`domain/audit-chain.ts`). A record whose stored version is not `put.version - 1`
   * (absent counts as 0) is a conflict: nothing is written.
   *
   * @param brings an event that the change brings about: accepted in the same commit, unless its key is known.
   */
  configure(
    changes: readonly ConfigChange[],
    audit: readonly AuditEntry[],
    brings?: Brought | null,
  ): Promise<"done" | "conflict">
  /** Notes when API keys were last used. Coarse, so that authentication costs no write. */
  touchKeys(used: readonly { workspaceId: WorkspaceId; id: string; atMs: number }[]): Promise<void>
  keyLastUsed(workspaceId: WorkspaceId): Promise<ReadonlyMap<string, number>>

  /** Health of the named webhooks, or of all of the workspace. One never attempted has zeros. */
  health(
    workspaceId: WorkspaceId,
    webhookIds: readonly WebhookId[] | "all",
  ): Promise<ReadonlyMap<WebhookId, WebhookHealth>>
  stats(
    workspaceId: WorkspaceId,
    webhookId: WebhookId,
    sinceMs: number,
    nowMs: number,
    points: number,
  ): Promise<WebhookStats>

  event(workspaceId: WorkspaceId, id: EventId): Promise<StoredEvent | null>
  /**
   * Newest first, as all lists with pages.
   * @param signal of whoever asks: a list that takes several reads ends between them, with the signal's reason.
   */
  events(
    workspaceId: WorkspaceId,
    filter: EventFilter,
    page: Page,
    signal?: AbortSignal,
  ): Promise<readonly ListedEvent[]>
  delivery(workspaceId: WorkspaceId, id: DeliveryId): Promise<DeliveryRecord | null>
  /** @param signal as of `events`. */
  deliveries(
    workspaceId: WorkspaceId,
    filter: DeliveryFilter,
    page: Page,
    signal?: AbortSignal,
  ): Promise<readonly DeliveryRecord[]>
  /** Oldest first. */
  attempts(workspaceId: WorkspaceId, id: DeliveryId): Promise<readonly Attempt[]>
  /** The audit log of one workspace, or (null) of all, newest first. It outlives a workspace. */
  audit(workspaceId: WorkspaceId | null, page: Page): Promise<readonly AuditRecord[]>
  /** One workspace's, oldest first, after the record of that sequence. */
  auditChain(workspaceId: WorkspaceId, afterSequence: number, limit: number): Promise<readonly AuditRecord[]>
  /** The last record written, as kept apart from the records; null without any. */
  auditHead(workspaceId: WorkspaceId): Promise<AuditHead | null>
  /** Appends an audit entry that no configuration change accompanies (a secret revealed). */
  note(entry: AuditEntry): Promise<AuditId>

  putReplay(replay: Replay): Promise<void>
  /** Ends a replay that runs, with what it has done by then; one that has ended stays. @returns it as it is now stored. */
  cancelReplay(workspaceId: WorkspaceId, id: ReplayId, atMs: number): Promise<Replay | null>
  replay(workspaceId: WorkspaceId, id: ReplayId): Promise<Replay | null>
  /** Replays not yet ended, oldest first. */
  openReplays(): Promise<readonly Replay[]>
  /** Events accepted in `[fromMs, toMs)`, oldest first, after the event `afterId`. */
  replayCandidates(
    replay: Pick<Replay, "workspaceId" | "webhookId" | "fromMs" | "toMs">,
    afterId: EventId | null,
    limit: number,
  ): Promise<readonly ReplayCandidate[]>
  /**
   * Numbers and stores new deliveries of old events: a step of a replay.
   * @returns their sequences; null, and nothing written, if the job has ended or this step of it was made before.
   */
  enqueue(enqueue: Enqueue): Promise<readonly number[] | null>

  /**
   * Removes up to about `limit` rows of what is past: ended deliveries with their attempts, events without deliveries
   * left, and deleted webhooks without deliveries left, whose records nobody can ask for then. Never a waiting delivery,
   * nor its event.
   * @returns whether there is more to remove.
   */
  forget(past: Past, limit: number): Promise<boolean>

  /** Whether it can read and write now; a reason when not. */
  ready(): Promise<string | null>
  /** Lets commits under way finish. */
  close(): Promise<void>
}
