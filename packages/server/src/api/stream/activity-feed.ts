import Type from "typebox"
import { Compile } from "typebox/compile"
import type { Receipt } from "../../accept/intake.ts"
import type { SettledListener } from "../../dispatch/settling.ts"
import type { NewEvent } from "../../domain/event.ts"
import { asId, type WorkspaceId } from "../../domain/ids.ts"
import type { Clock } from "../../ports/clock.ts"
import type { Relay } from "../../ports/relay.ts"
import { rfc3339 } from "../times.ts"

/** One thing that has just happened, without anything secret: no headers, no bodies. */
export type Activity = { readonly kind: "event" | "attempt"; readonly shown: object }

export type ActivityListener = (activity: Activity) => void

/** What nodes say to each other about watching: `watched` when someone watches there, `activity` what happened here. */
const Said = Compile(
  Type.Union([
    Type.Object({ watched: Type.Array(Type.String()) }),
    Type.Object({
      activity: Type.Object({
        workspace_id: Type.String(),
        kind: Type.Union([Type.Literal("event"), Type.Literal("attempt")]),
        shown: Type.Object({}),
      }),
    }),
  ]),
)

/** How often a node says whom it has watchers for, and how long the others believe it. */
const sayEveryMs = 5_000
const believeMs = 12_000

/**
 * Passes on what happens to whoever watches a workspace, on whatever node: a node with watchers says so, and the others
 * tell it. A live view, not a record: who was not watching finds everything in the lists.
 */
export class ActivityFeed {
  readonly #clock: Clock
  readonly #relay: Relay | null
  readonly #listeners = new Map<WorkspaceId, Set<ActivityListener>>()
  /** Watched on another node, until when (monotonic). */
  readonly #watchedElsewhere = new Map<WorkspaceId, number>()
  #saying = false

  constructor(clock: Clock, relay: Relay | null = null) {
    this.#clock = clock
    this.#relay = relay
    relay?.onMessage((message) => this.#hear(message))
  }

  /** @returns what ends it. */
  subscribe(workspaceId: WorkspaceId, listener: ActivityListener): () => void {
    const listeners = this.#listeners.get(workspaceId) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(workspaceId, listeners)
    if (listeners.size === 1) this.#say()
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
    if (!this.#isWatched(workspaceId)) return
    for (const { id, type, createdMs, duplicate, deliveries } of receipts) {
      if (duplicate) continue
      const shown = { id, type, created: rfc3339(createdMs), deliveries }
      this.#tell(workspaceId, { kind: "event", shown })
    }
  }

  /** To be given to the engine: of what it publishes itself no request tells. */
  readonly published = (workspaceId: WorkspaceId, { id, type, createdMs, deliveries }: NewEvent): void =>
    this.accepted(workspaceId, [{ id, type, createdMs, duplicate: false, deliveries: deliveries.length }])

  /** To be given to the dispatcher. */
  readonly settled: SettledListener = (delivery, { attempt, next, workspaceId }) => {
    if (attempt === null || !this.#isWatched(workspaceId)) return
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
    this.#tell(workspaceId, { kind: "attempt", shown })
  }

  #isWatched(workspaceId: WorkspaceId): boolean {
    return this.#listeners.has(workspaceId) || this.#isWatchedElsewhere(workspaceId)
  }

  #isWatchedElsewhere(workspaceId: WorkspaceId): boolean {
    const untilMs = this.#watchedElsewhere.get(workspaceId)
    if (untilMs === undefined) return false
    if (untilMs > this.#clock.monotonic()) return true
    this.#watchedElsewhere.delete(workspaceId)
    return false
  }

  #tell(workspaceId: WorkspaceId, activity: Activity): void {
    this.#tellHere(workspaceId, activity)
    if (this.#isWatchedElsewhere(workspaceId))
      this.#relay?.publish(JSON.stringify({ activity: { workspace_id: workspaceId, ...activity } }))
  }

  #tellHere(workspaceId: WorkspaceId, activity: Activity): void {
    for (const listener of this.#listeners.get(workspaceId) ?? []) listener(activity)
  }

  /** At once for a new watcher, then again and again while there is any. */
  #say(): void {
    if (this.#relay === null) return
    const watched = [...this.#listeners.keys()]
    if (watched.length === 0) return
    this.#relay.publish(JSON.stringify({ watched }))
    if (this.#saying) return
    this.#saying = true
    this.#clock.after(sayEveryMs, () => {
      this.#saying = false
      this.#say()
    })
  }

  #hear(message: string): void {
    const said: unknown = JSON.parse(message)
    if (!Said.Check(said)) return
    if ("watched" in said) {
      const untilMs = this.#clock.monotonic() + believeMs
      for (const id of said.watched) this.#watchedElsewhere.set(asId(id), untilMs)
    } else {
      const { workspace_id: workspaceId, kind, shown } = said.activity
      this.#tellHere(asId(workspaceId), { kind, shown })
    }
  }
}
