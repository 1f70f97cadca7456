import Type, { type TSchema } from "typebox"
import { Compile } from "typebox/compile"
import type { WorkspaceId } from "../../domain/ids.ts"
import { configurationKinds, historyKinds, type MovedRecord, movedStates } from "../../ports/moving.ts"

/**
 * An export is lines of JSON: a header, a record each, and an end that counts them. `sha256` covers every byte before
 * the line of the end, so a file that was cut short or altered on its way is told from a whole one.
 */
export const formatVersion = 1

export type Header = {
  readonly tocsin_export: typeof formatVersion
  readonly exported_at: string
  /** All that the records belong to, in order: known before the first is read. */
  readonly workspaces: readonly WorkspaceId[]
}

export type Counts = Readonly<Record<MovedRecord["kind"], number>>
export type End = { readonly end: true; readonly counts: Counts; readonly sha256: string }

export const kinds = [...configurationKinds, ...historyKinds] as const

export function countsOf(count: (kind: MovedRecord["kind"]) => number): Counts {
  return Object.fromEntries(kinds.map((kind) => [kind, count(kind)])) as Counts
}

/** An id is a string whose kind the field tells. */
function id<Id extends string>() {
  return Type.Unsafe<Id>(Type.String({ minLength: 1 }))
}
const text = Type.String()
const whole = Type.Integer()
const textOrNull = Type.Union([text, Type.Null()])
const wholeOrNull = Type.Union([whole, Type.Null()])
const closed = { additionalProperties: false }

const members: { readonly [Kind in MovedRecord["kind"]]: Readonly<Record<string, TSchema>> } = {
  workspace: { version: whole, record: text },
  apiKey: { id: text, lastUsedMs: wholeOrNull, record: text },
  eventType: { name: text, version: whole, record: text },
  webhook: { id: text, version: whole, sending: Type.Boolean(), deleted: Type.Boolean(), record: text },
  counters: {
    webhookId: text,
    lastSequence: whole,
    waiting: whole,
    consecutiveFailures: whole,
    failingSinceMs: wholeOrNull,
    lastSuccessMs: wholeOrNull,
  },
  replay: { id: text, state: text, createdMs: whole, updatedMs: whole, record: text },
  auditHead: { sequence: whole, hash: text },
  event: {
    id: text,
    type: text,
    createdMs: whole,
    acceptedMs: whole,
    deliveryCount: whole,
    orderingKey: textOrNull,
    attributes: text,
    metadata: textOrNull,
    idempotencyKey: textOrNull,
    fingerprint: textOrNull,
    body: text,
    trace: Type.Optional(textOrNull),
  },
  delivery: {
    id: text,
    webhookId: text,
    eventId: text,
    eventType: text,
    sequence: whole,
    state: Type.Union(movedStates.map((state) => Type.Literal(state))),
    attempts: whole,
    attemptsBefore: whole,
    createdMs: whole,
    windowFromMs: whole,
    dueMs: wholeOrNull,
    endedMs: wholeOrNull,
    laneKey: text,
    because: textOrNull,
    replayId: textOrNull,
    lastStatusCode: wholeOrNull,
    lastErrorCode: textOrNull,
  },
  attempt: {
    deliveryId: text,
    number: whole,
    atMs: whole,
    durationMs: Type.Number(),
    statusCode: wholeOrNull,
    detail: text,
  },
  minute: {
    webhookId: text,
    minute: whole,
    pending: whole,
    retrying: whole,
    delivered: whole,
    exhausted: whole,
    expired: whole,
    cancelled: whole,
    succeeded: whole,
    failed: whole,
    latencies: Type.Optional(textOrNull),
  },
  audit: { id: text, sequence: wholeOrNull, record: text },
}

const records = new Map<unknown, (value: unknown) => boolean>(
  kinds.map((kind) => {
    const schema = Type.Object({ kind: Type.Literal(kind), workspaceId: text, ...members[kind] }, closed)
    const compiled = Compile(schema)
    return [kind, (value) => compiled.Check(value)]
  }),
)

/** Whether a line's value is a record, of a kind and with the members this version knows. */
export function isRecord(value: unknown): value is MovedRecord {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false
  return records.get(value.kind)?.(value) === true
}

export const headerSchema = Compile(
  Type.Object(
    { tocsin_export: Type.Literal(formatVersion), exported_at: text, workspaces: Type.Array(id<WorkspaceId>()) },
    closed,
  ),
)

export const endSchema = Compile(
  Type.Object(
    {
      end: Type.Literal(true),
      counts: Type.Object(Object.fromEntries(kinds.map((kind) => [kind, whole])), closed),
      sha256: text,
    },
    closed,
  ),
)
