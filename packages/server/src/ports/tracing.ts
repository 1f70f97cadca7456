import type { Next, RecordedAttempt, WaitingDelivery } from "../domain/delivery.ts"
import type { WorkspaceId } from "../domain/ids.ts"
import type { TraceContext } from "../domain/trace-context.ts"

/**
 * Records where an event's time goes. An engine that is given none records nothing and pays nothing; it then only
 * passes a publisher's trace on.
 */
export interface Tracing {
  /** @param from what the publisher sent; null begins a trace. */
  accepting(workspaceId: WorkspaceId, types: readonly string[], from: TraceContext | null): AcceptSpan
  /** A child of what was stored with the event, however long ago that was. */
  attempting(delivery: WaitingDelivery, url: string): AttemptSpan
  /** Sends what was recorded and is still here. */
  close(): Promise<void>
}

export type AcceptSpan = {
  /** To be stored with the events: their attempts go on from here. */
  readonly trace: TraceContext
  /** The part in which the store makes it durable. @returns ends it. */
  committing(): () => void
  /** @param ids of the events, new or not. */
  accepted(ids: readonly string[], deliveries: number): void
  refused(reason: string): void
  failed(fault: unknown): void
}

export type AttemptSpan = {
  /** To be sent to the receiver. */
  readonly trace: TraceContext
  ended(attempt: RecordedAttempt, next: Next): void
}
