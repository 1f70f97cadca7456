import type { Next } from "../../../domain/delivery.ts"
import { countAttempt, type HealthCounts } from "../../../domain/webhook-health.ts"
import type { Settlement } from "../../../ports/store.ts"
import type { Minutes } from "../minutes.ts"
import { bucket, code, isWaiting } from "../states.ts"

/** Of the batch alone. `ended`: how many wait no longer. */
export type Health = HealthCounts & {
  readonly workspaceId: string
  readonly webhookId: string
  ended: number
}

/** A settlement with what is worked out of its ids once. */
export type Named = { readonly settlement: Settlement; readonly name: string; readonly mintedMs: number }

/** A delivery as it was before. `seen` is the version of its row, null of one that was not looked at. */
export type Before = Position & {
  readonly attempts: number
  readonly lastStatusCode: number | null
  readonly lastErrorCode: string | null
  readonly seen: string | null
}

export type Moved = Named & {
  readonly to: Position
  readonly attempts: number
  readonly lastStatusCode: number | null
  readonly lastErrorCode: string | null
  readonly seen: string | null
}

type Position = {
  readonly state: number
  readonly dueMs: number | null
  readonly endedMs: number | null
  readonly because: string | null
}

/** As accepting leaves it. */
export const asAccepted: Before = {
  state: code.fresh,
  attempts: 0,
  dueMs: null,
  endedMs: null,
  because: null,
  lastStatusCode: null,
  lastErrorCode: null,
  seen: null,
}

/** Works out what a settlement makes of its delivery, and counts it. */
export function move(each: Named, from: Before, healths: Map<string, Health>, minutes: Minutes): Moved {
  const { settlement, name, mintedMs: minted } = each
  const { workspaceId, webhookId, atMs, attempt, next } = settlement
  const attempts = attempt === null ? from.attempts : Math.max(from.attempts, attempt.number)
  const to = after(from, next, atMs)
  const health = healthOf(healths, workspaceId, webhookId)
  health.ended += Number(isWaiting(from.state)) - Number(isWaiting(to.state))
  const [before, now] = [bucket(from.state, from.attempts), bucket(to.state, attempts)]
  if (before !== now) {
    minutes.count(workspaceId, webhookId, minted, before, -1)
    minutes.count(workspaceId, webhookId, minted, now, 1)
  }
  if (attempt !== null) {
    const succeeded = next.state === "delivered"
    minutes.count(workspaceId, webhookId, attempt.atMs, succeeded ? "succeeded" : "failed", 1)
    if (attempt.statusCode !== null) minutes.took(workspaceId, webhookId, attempt.atMs, attempt.durationMs)
    countAttempt(health, succeeded, atMs)
  }
  return {
    settlement,
    name,
    mintedMs: minted,
    to,
    attempts,
    lastStatusCode: attempt === null ? from.lastStatusCode : attempt.statusCode,
    lastErrorCode: attempt === null ? from.lastErrorCode : (attempt.error?.code ?? null),
    seen: from.seen,
  }
}

function healthOf(healths: Map<string, Health>, workspaceId: string, webhookId: string): Health {
  const name = `${workspaceId} ${webhookId}`
  let health = healths.get(name)
  if (health === undefined) {
    const none: HealthCounts = { consecutiveFailures: 0, failingSinceMs: null, lastSuccessMs: null }
    health = { workspaceId, webhookId, ended: 0, ...none }
    healths.set(name, health)
  }
  return health
}

function after(from: Position, next: Next, atMs: number): Position {
  // A delivery that has ended stays as it is, unless what came late is a success.
  if (!isWaiting(from.state) && (next.state !== "delivered" || from.state === code.delivered)) return from
  switch (next.state) {
    case "waiting":
      return { state: code.again, dueMs: next.dueMs, endedMs: null, because: null }
    case "exhausted":
      return { state: code.exhausted, dueMs: null, endedMs: atMs, because: next.because }
    case "delivered":
    case "expired":
    case "cancelled":
      return { state: code[next.state], dueMs: null, endedMs: atMs, because: null }
  }
}
