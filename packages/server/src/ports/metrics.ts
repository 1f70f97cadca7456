import type { FailureCode } from "../domain/delivery.ts"
import type { WebhookStatus } from "../domain/webhook.ts"

/** Why events were not stored: as the API's problems are called. */
export const intakeRefusals = [
  "unknown_event_type",
  "event_type_reserved",
  "data_invalid",
  "data_too_large",
  "batch_too_wide",
  "idempotency_conflict",
  "schemas_too_slow",
  "store_unavailable",
] as const
export type IntakeRefusal = (typeof intakeRefusals)[number]

/** What the engine counts. Labels are bounded: no ids. */
export interface Metrics {
  accepted(events: number, deliveries: number): void
  /** All events of a request are refused together, for the first reason found. */
  refused(reason: IntakeRefusal, events: number): void
  attempted(outcome: "delivered" | FailureCode, durationMs: number): void
  /** From acceptance to the end of the successful attempt. */
  delivered(latencyMs: number): void
  /** Deliveries that will not be attempted again by themselves. */
  ended(state: "delivered" | "exhausted" | "expired" | "cancelled", deliveries: number): void
  /** Events that replays looked at, and those of them that are delivered again. */
  replayed(examined: number, enqueued: number): void
  /** A step of retention: whether there was more to remove. */
  forgot(outcome: "more" | "done" | "failed"): void
}

/** For whoever wants no figures. */
export const noMetrics: Metrics = {
  accepted() {},
  refused() {},
  attempted() {},
  delivered() {},
  ended() {},
  replayed() {},
  forgot() {},
}

/** `all`: acceptances and settlements share a commit. */
export const commitKinds = ["accept", "settle", "all"] as const
export type CommitKind = (typeof commitKinds)[number]

/** Told of each commit, whether it succeeded or not. @param durationMs from when it was begun, not from when its operations were asked for. */
export type CommitListener = (kind: CommitKind, operations: number, durationMs: number) => void

/** What a database is needed for: accepting and sending, the log and statistics, or what removes what is old. */
export const databaseUses = ["sending", "looking", "removing"] as const
export type DatabaseUse = (typeof databaseUses)[number]

/** Deliveries not yet ended. */
export type Waiting = {
  readonly deliveries: number
  /** Since the first of them was accepted; 0 without any. */
  readonly oldestAgeMs: number
}

/** What waits for the webhooks that this node sends for: those that are sent to, and those that are not at present. */
export type Backlog = { readonly sending: Waiting; readonly held: Waiting }

/** What is measured when somebody looks. */
export type Gauges = {
  inFlight(): number
  /** How many shares of the webhooks this node has, of how many there are. */
  shards(): { readonly owned: number; readonly of: number }
  /** Of this instance, deleted ones left out. */
  webhooks(): Readonly<Record<Exclude<WebhookStatus, "deleted">, number>>
  replaysRunning(): number
  /** Null while the store does not tell. */
  backlog(): Promise<Backlog | null>
}
