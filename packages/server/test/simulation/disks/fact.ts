import type { Next } from "../../../src/domain/delivery.ts"
import type { DeliveryId, EventId, WebhookId } from "../../../src/domain/ids.ts"
import type { Replay } from "../../../src/domain/replay.ts"
import type { AcceptConflict, Accepted, ConfigChange, Enqueue, Store } from "../../../src/ports/store.ts"
import type { OperationOnTape } from "../../../src/stores/sqlite/writes/tape.ts"

export type StoredAttempt = {
  readonly number: number
  readonly atMs: number
  readonly statusCode: number | null
  readonly errorCode: string | null
}

/** What has just become durable, whichever store it is in. */
export type Fact =
  | {
      readonly verb: "accept"
      readonly events: readonly {
        readonly id: EventId
        readonly type: string
        readonly acceptedMs: number
        readonly body: string
        readonly key: string | null
        readonly deliveries: readonly {
          readonly id: DeliveryId
          readonly webhookId: WebhookId
          readonly laneKey: string
        }[]
      }[]
      readonly answer: Accepted | AcceptConflict
    }
  | {
      readonly verb: "settle"
      readonly webhookId: WebhookId
      readonly deliveryId: DeliveryId
      readonly atMs: number
      /** With an end without an attempt, else null: the window that it was decided for. */
      readonly windowFromMs: number | null
      readonly next: Next
      readonly attempt: StoredAttempt | null
    }
  | { readonly verb: "reopen"; readonly id: DeliveryId; readonly nowMs: number; readonly webhookId: WebhookId | null }
  | {
      readonly verb: "cancelWaiting"
      readonly webhookId: WebhookId
      readonly cancelled: number
      readonly limit: number
    }
  | { readonly verb: "configure"; readonly changes: readonly ConfigChange[]; readonly answer: "done" | "conflict" }
  | { readonly verb: "enqueue"; readonly enqueue: Enqueue; readonly sequences: readonly number[] | null }
  | { readonly verb: "putReplay"; readonly replay: Replay }
  | { readonly verb: "forget"; readonly beforeMs: number }

/** Calls of the port that write, and what each makes durable. Those left out matter to nobody here. */
export type Writes = Pick<
  Store,
  "accept" | "settle" | "reopen" | "cancelWaiting" | "configure" | "enqueue" | "putReplay" | "forget"
>

/** The fact behind an operation of the embedded store's tape, with what its verb answered. */
export function factOnTape(operation: OperationOnTape, answer: unknown): Fact | null {
  switch (operation.verb) {
    case "accept":
      return {
        verb: "accept",
        events: operation.acceptance.events.map((event) => ({ ...event, key: event.idempotencyKey })),
        answer: answer as Accepted | AcceptConflict,
      }
    case "settle":
      return { verb: "settle", ...operation.settlement }
    case "reopen":
      return { ...operation.argument, verb: "reopen", webhookId: answer as WebhookId | null }
    case "cancelWaiting":
      return { ...operation.argument, verb: "cancelWaiting", cancelled: Number(answer) }
    case "configure":
      return { verb: "configure", changes: operation.argument.changes, answer: answer as "done" | "conflict" }
    case "enqueue":
      return { verb: "enqueue", enqueue: operation.argument, sequences: answer as readonly number[] | null }
    case "putReplay":
      return { verb: "putReplay", replay: operation.argument }
    case "forget":
      return { verb: "forget", beforeMs: operation.argument.beforeMs }
    // Keys' uses, notes, checks; and nobody subscribes to the events that a settlement brings about.
    default:
      return null
  }
}
