import type { Next } from "../../../domain/delivery.ts"
import { asId, type DeliveryId, type EventId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import type { Acceptance, AcceptConflict, Accepted, AcceptedEvent, Settlement } from "../../../ports/store.ts"
import { type Tape, TapeReader } from "../../../threads/tape.ts"
import type { Outcome } from "../../group-commit.ts"
import { type Failed, failureKinds, failureOf } from "../failure.ts"
import type { RareWrites } from "./rare-writes.ts"

export type Operation =
  | { readonly verb: "accept"; readonly acceptance: Acceptance }
  | { readonly verb: "settle"; readonly settlement: Settlement }
  | RareOperation

/** Everything that is not on the hot path crosses as JSON. */
export type RareOperation =
  | {
      [Verb in keyof RareWrites]: { readonly verb: Verb; readonly argument: Parameters<RareWrites[Verb]>[0] }
    }[keyof RareWrites]
  /** An operation and the event that it brings about, in one commit; a conflict of the first is the end of it. */
  | { readonly verb: "together"; readonly argument: Tape }

/** What the hot path stores of an event; JSON already made, on the caller's thread. */
export type EventOnTape = {
  readonly id: EventId
  readonly type: string
  readonly createdMs: number
  readonly acceptedMs: number
  readonly body: string
  readonly orderingKey: string | null
  readonly attributes: string
  readonly metadata: string | null
  readonly idempotencyKey: string | null
  readonly fingerprint: string | null
  readonly trace: string | null
  readonly deliveries: readonly {
    readonly id: DeliveryId
    readonly webhookId: WebhookId
    readonly laneKey: string
  }[]
}

export type AcceptanceOnTape = { readonly workspaceId: WorkspaceId; readonly events: readonly EventOnTape[] }

type AttemptOnTape = {
  readonly number: number
  readonly atMs: number
  readonly durationMs: number
  readonly statusCode: number | null
  readonly errorCode: string | null
  readonly detail: string
}

export type SettlementOnTape = Omit<Settlement, "attempt" | "windowFromMs"> & {
  readonly windowFromMs: number | null
  readonly attempt: AttemptOnTape | null
}

export type OperationOnTape =
  | { readonly verb: "accept"; readonly acceptance: AcceptanceOnTape }
  | { readonly verb: "settle"; readonly settlement: SettlementOnTape }
  | RareOperation

/**
 * Whether a commit may keep what the operation counts in the books' journal (books.ts). With any other in it, it
 * writes the books' tables, as it did anyway before there was a journal: those others are rare, and one that frees room
 * on a full disk needs less of it so.
 */
export function isHot({ verb }: Pick<OperationOnTape, "verb">): boolean {
  return verb === "accept" || verb === "settle"
}

const verbs = { accept: 0, settle: 1, rare: 2 } as const
const replies = { failed: 0, done: 1, accepted: 2, conflict: 3 } as const

// ---------------------------------------------------------------- to the worker

export function encodeBatch(batch: readonly Operation[]): Tape {
  const tape: Tape = []
  for (const operation of batch) {
    if (operation.verb === "accept") encodeAcceptance(tape, operation.acceptance)
    else if (operation.verb === "settle") encodeSettlement(tape, operation.settlement)
    else tape.push(verbs.rare, JSON.stringify(operation))
  }
  return tape
}

function encodeAcceptance(tape: Tape, { workspaceId, events }: Acceptance): void {
  tape.push(verbs.accept, workspaceId, events.length)
  for (const event of events) {
    tape.push(
      event.id,
      event.type,
      event.createdMs,
      event.acceptedMs,
      event.body,
      event.orderingKey,
      JSON.stringify(event.attributes),
      event.metadata,
      event.idempotency?.key ?? null,
      event.idempotency?.fingerprint ?? null,
      event.trace,
      event.deliveries.length,
    )
    for (const delivery of event.deliveries) tape.push(delivery.id, delivery.webhookId, delivery.laneKey)
  }
}

function encodeSettlement(tape: Tape, settlement: Settlement): void {
  const { next, attempt } = settlement
  tape.push(
    verbs.settle,
    settlement.workspaceId,
    settlement.webhookId,
    settlement.deliveryId,
    settlement.atMs,
    next.state,
    next.state === "waiting" ? next.dueMs : null,
    next.state === "exhausted" ? next.because : null,
    settlement.windowFromMs ?? null,
    attempt === null ? null : attempt.number,
  )
  if (attempt === null) return
  tape.push(attempt.atMs, attempt.durationMs, attempt.statusCode, attempt.error?.code ?? null, attempt.detail)
}

export function decodeBatch(tape: Tape): readonly OperationOnTape[] {
  const read = new TapeReader(tape)
  const batch: OperationOnTape[] = []
  while (!read.ended()) {
    const verb = read.number()
    if (verb === verbs.accept) batch.push({ verb: "accept", acceptance: decodeAcceptance(read) })
    else if (verb === verbs.settle) batch.push({ verb: "settle", settlement: decodeSettlement(read) })
    // Written by `encodeBatch` of this same process.
    else batch.push(JSON.parse(read.text()) as RareOperation)
  }
  return batch
}

function decodeAcceptance(read: TapeReader): AcceptanceOnTape {
  const workspaceId = asId<WorkspaceId>(read.text())
  const events: EventOnTape[] = []
  for (let left = read.number(); left > 0; left--) {
    const event = {
      id: asId<EventId>(read.text()),
      type: read.text(),
      createdMs: read.number(),
      acceptedMs: read.number(),
      body: read.text(),
      orderingKey: read.textOrNull(),
      attributes: read.text(),
      metadata: read.textOrNull(),
      idempotencyKey: read.textOrNull(),
      fingerprint: read.textOrNull(),
      trace: read.textOrNull(),
    }
    const deliveries: EventOnTape["deliveries"][number][] = []
    for (let more = read.number(); more > 0; more--)
      deliveries.push({
        id: asId<DeliveryId>(read.text()),
        webhookId: asId<WebhookId>(read.text()),
        laneKey: read.text(),
      })
    events.push({ ...event, deliveries })
  }
  return { workspaceId, events }
}

function decodeSettlement(read: TapeReader): SettlementOnTape {
  return {
    workspaceId: asId<WorkspaceId>(read.text()),
    webhookId: asId<WebhookId>(read.text()),
    deliveryId: asId<DeliveryId>(read.text()),
    atMs: read.number(),
    next: next(read.text(), read.numberOrNull(), read.textOrNull()),
    windowFromMs: read.numberOrNull(),
    attempt: decodeAttempt(read),
  }
}

function decodeAttempt(read: TapeReader): AttemptOnTape | null {
  const number = read.numberOrNull()
  if (number === null) return null
  return {
    number,
    atMs: read.number(),
    durationMs: read.number(),
    statusCode: read.numberOrNull(),
    errorCode: read.textOrNull(),
    detail: read.text(),
  }
}

function next(state: string, dueMs: number | null, because: string | null): Next {
  switch (state) {
    case "waiting":
      if (dueMs === null) break
      return { state, dueMs }
    case "exhausted":
      if (because !== "attempts" && because !== "window" && because !== "gone") break
      return { state, because }
    case "delivered":
    case "expired":
    case "cancelled":
      return { state }
  }
  throw new Error(`A settlement leads to an unknown state, ${state}.`)
}

// ---------------------------------------------------------------- back

export type Reply =
  | { readonly verb: "accept"; readonly accepted: Accepted | AcceptConflict }
  | { readonly verb: "settle" }
  | { readonly verb: "rare"; readonly result: unknown }
  | { readonly verb: "failed"; readonly failed: Failed }

export function encodeReplies(batch: readonly Reply[]): Tape {
  const tape: Tape = []
  for (const reply of batch)
    switch (reply.verb) {
      case "accept":
        if (reply.accepted.outcome === "conflict") tape.push(replies.conflict, reply.accepted.index)
        else encodeAccepted(tape, reply.accepted.events)
        break
      case "settle":
        tape.push(replies.done)
        break
      case "rare":
        tape.push(replies.done, JSON.stringify(reply.result ?? null))
        break
      case "failed":
        tape.push(replies.failed, failureKinds.indexOf(reply.failed.kind), reply.failed.message)
        break
    }
  return tape
}

/** Of a new event the caller knows all but the sequences. */
function encodeAccepted(tape: Tape, events: readonly AcceptedEvent[]): void {
  tape.push(replies.accepted)
  for (const event of events)
    if (event.duplicate) tape.push(1, event.id, event.createdMs, event.deliveryCount)
    else tape.push(0, ...event.sequences)
}

/** Reads the outcomes of a batch, which tells what each of them is. */
export function decodeReplies(
  batch: readonly (Operation | OperationOnTape)[],
  tape: Tape,
): readonly Outcome<unknown>[] {
  const read = new TapeReader(tape)
  return batch.map((operation): Outcome<unknown> => {
    const kind = read.number()
    if (kind === replies.failed) {
      const failed = { kind: failureKinds[read.number()] ?? "operation", message: read.text() }
      return { ok: false, error: failureOf(failed) }
    }
    if (kind === replies.conflict) return { ok: true, value: { outcome: "conflict", index: read.number() } }
    if (operation.verb === "accept") return { ok: true, value: decodeAccepted(operation.acceptance, read) }
    if (operation.verb === "settle") return { ok: true, value: true }
    const result: unknown = JSON.parse(read.text())
    return { ok: true, value: result }
  })
}

function decodeAccepted({ events }: Acceptance | AcceptanceOnTape, read: TapeReader): Accepted {
  return {
    outcome: "accepted",
    events: events.map((event): AcceptedEvent => {
      if (read.number() === 1)
        return {
          id: asId<EventId>(read.text()),
          createdMs: read.number(),
          duplicate: true,
          deliveryCount: read.number(),
          sequences: [],
        }
      return {
        id: event.id,
        createdMs: event.createdMs,
        duplicate: false,
        deliveryCount: event.deliveries.length,
        sequences: event.deliveries.map(() => read.number()),
      }
    }),
  }
}
