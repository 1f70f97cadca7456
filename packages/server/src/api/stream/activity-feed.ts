import type { Receipt } from "../../accept/intake.ts"
import type { SettledListener } from "../../dispatch/dispatcher.ts"
import type { WorkspaceId } from "../../domain/ids.ts"
import { rfc3339 } from "../times.ts"

/** One thing that has just happened, without anything secret: no headers, no bodies. */
export type Activity = { readonly kind: "event" | "attempt"; readonly shown: object }

export type ActivityListener = (activity: Activity) => void

/**
 * Passes on what happens in this process to whoever watches a workspace. A live view, not a record: who was not
 * watching finds everything in the lists.
 */
export class ActivityFeed {
  readonly #listeners = new Map<WorkspaceId, Set<ActivityListener>>()

  /** @returns what ends it. */
  subscribe(workspaceId: WorkspaceId, listener: ActivityListener): () => void {
    const listeners = this.#listeners.get(workspaceId) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(workspaceId, listeners)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(workspaceId) === listeners) this.#listeners.delete(workspaceId)
    }
  }

  watchers(workspaceId: WorkspaceId): number {
    return this.#listeners.get(workspaceId)?.size ?? 0
  }

  /** Told of every acceptance: free where nobody watches. */
  accepted(workspaceId: WorkspaceId, receipts: readonly Receipt[]): void {
    const listeners = this.#listeners.get(workspaceId)
    if (!listeners) return
    for (const { id, type, createdMs, duplicate, deliveries } of receipts) {
      if (duplicate) continue
      const shown = { id, type, created: rfc3339(createdMs), deliveries }
      for (const listener of listeners) listener({ kind: "event", shown })
    }
  }

  /** To be given to the dispatcher. */
  readonly settled: SettledListener = (delivery, { attempt, next, workspaceId }) => {
    const listeners = this.#listeners.get(workspaceId)
    if (!listeners || attempt === null) return
    const shown = {
      delivery_id: delivery.id,
      webhook_id: delivery.webhookId,
      event_id: delivery.eventId,
      event_type: delivery.eventType,
      number: attempt.number,
      at: rfc3339(attempt.atMs),
      duration_ms: attempt.durationMs,
      status_code: attempt.statusCode,
      error: attempt.error,
      status: next.state === "waiting" ? "retrying" : next.state,
      next_attempt_at: next.state === "waiting" ? rfc3339(next.dueMs) : null,
    }
    for (const listener of listeners) listener({ kind: "attempt", shown })
  }
}
