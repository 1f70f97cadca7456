import type { Receipt, Refusal, Submission } from "../../accept/intake.ts"
import { operationalKeyPrefix } from "../../domain/operational.ts"
import { type Flaw, Problem, type ProblemCode, retryAfter } from "../problems.ts"
import type { Static } from "../schema-vocabulary.ts"
import { readTime, rfc3339 } from "../times.ts"
import type { EventSubmission } from "./event-schemas.ts"

/**
 * @param members the same event's members as the publisher wrote them.
 * @param at pointer to the event in the body.
 * @param flaws gets what a schema cannot see.
 */
export function submission(
  event: Static<typeof EventSubmission>,
  members: ReadonlyMap<string, string>,
  at: string,
  flaws: Flaw[],
): Submission {
  const dataText = members.get("data")
  if (dataText === undefined) throw new Error("a validated event has no data")
  const idempotencyKey = event.idempotency_key ?? null
  if (idempotencyKey !== null) refuseOwnKey(idempotencyKey, at, flaws)
  return {
    type: event.type,
    data: event.data,
    dataText,
    idempotencyKey,
    createdMs: event.created === undefined ? null : readTime(event.created, `${at}/created`, flaws),
    orderingKey: event.ordering_key ?? null,
    attributes: event.attributes ?? null,
    metadataText: members.get("metadata") ?? null,
  }
}

/** A publisher that had taken the key of an operational event could keep it from being told. */
export function refuseOwnKey(key: string, at: string, flaws: Flaw[]): void {
  if (!key.startsWith(operationalKeyPrefix)) return
  const detail = `keys that begin with ${operationalKeyPrefix} are those of Tocsin's own events; let yours begin otherwise`
  flaws.push({ pointer: `${at}/idempotency_key`, detail })
}

export function receiptView(receipt: Receipt) {
  const { id, type, createdMs, duplicate, deliveries } = receipt
  return { id, type, created: rfc3339(createdMs), duplicate, deliveries }
}

const codes: Readonly<Record<Refusal["code"], ProblemCode>> = {
  unknown_event_type: "unknown_event_type",
  event_type_reserved: "event_type_reserved",
  data_invalid: "data_invalid",
  data_too_large: "data_too_large",
  batch_too_wide: "batch_too_wide",
  idempotency_conflict: "idempotency_conflict",
  schemas_too_slow: "schemas_too_slow",
}

/** @param pointerTo where the submission of that index stands in the body. */
export function refused(refusals: readonly Refusal[], pointerTo: (index: number) => string): Problem {
  const kinds = new Set(refusals.map(({ code }) => code))
  const [only] = kinds.size === 1 ? kinds : []
  // Too large is said as such even among other flaws: a client that only reads the status must not resend.
  const code = kinds.has("data_too_large") ? "data_too_large" : only === undefined ? "validation_failed" : codes[only]
  const errors = refusals.map(({ index, pointer, detail }) => ({ pointer: `${pointerTo(index)}${pointer}`, detail }))
  // The only one then: else what is wrong would be told first.
  const waitMs = Math.max(0, ...refusals.map((each) => (each.code === "schemas_too_slow" ? each.waitMs : 0)))
  return new Problem(code, { errors, ...(waitMs > 0 ? { headers: retryAfter(waitMs) } : {}) })
}
