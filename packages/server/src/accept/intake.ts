import { createHash } from "node:crypto"
import type { WaitingDelivery } from "../domain/delivery.ts"
import type { NewEvent } from "../domain/event.ts"
import type { IdMint, WebhookId, WorkspaceId } from "../domain/ids.ts"
import { isOperational } from "../domain/operational.ts"
import { type TraceContext, traceText } from "../domain/trace-context.ts"
import type { Attributes, Webhook } from "../domain/webhook.ts"
import type { EventType } from "../domain/workspace.ts"
import type { Clock } from "../ports/clock.ts"
import type { Metrics } from "../ports/metrics.ts"
import { type AcceptConflict, type Accepted, type Store, StoreRefused, StoreUnavailable } from "../ports/store.ts"
import type { AcceptSpan, Tracing } from "../ports/tracing.ts"
import { attributesOf } from "../profiles/attributes.ts"
import type { Registry } from "../registry/registry.ts"
import { buildEvent } from "./event-building.ts"
import type { OwnSchemas } from "./own-schemas.ts"
import { type Check, type Flaw, flawOf } from "./schema-check.ts"

/** api.md, "Events": of `data` as sent, in UTF-8. */
export const dataBytesMax = 256 * 1024

/**
 * A batch is one operation of the store, which nothing else of its time can overtake: with 300,000 deliveries one took
 * 3 s and 600 MB. A single event goes to as many webhooks as there are.
 */
const batchDeliveriesMax = 50_000

/** What a publisher asks to have delivered; its form has been checked, its meaning not yet. */
export type Submission = {
  readonly type: string
  /** `data` as the publisher wrote it, and as it was parsed. */
  readonly dataText: string
  readonly data: unknown
  readonly idempotencyKey: string | null
  readonly createdMs: number | null
  readonly orderingKey: string | null
  readonly attributes: Attributes | null
  /** The `metadata` object as the publisher wrote it. */
  readonly metadataText: string | null
}

export type Receipt = {
  readonly id: string
  readonly type: string
  readonly createdMs: number
  readonly duplicate: boolean
  readonly deliveries: number
}

/** Why nothing was accepted. `index`: which submission; `pointer` is relative to it (RFC 6901). */
export type Refusal = { readonly index: number; readonly pointer: string; readonly detail: string } & (
  | {
      readonly code:
        | "unknown_event_type"
        | "event_type_reserved"
        | "data_invalid"
        | "data_too_large"
        | "batch_too_wide"
        | "idempotency_conflict"
    }
  /** Nothing was found wrong with it, for it was not looked at. To be sent again, after so long. */
  | { readonly code: "schemas_too_slow"; readonly waitMs: number }
)

type Refusals = readonly [Refusal, ...Refusal[]]

/** A submission, with the webhooks that it goes to. */
type Routed = {
  readonly submission: Submission
  readonly attributes: Attributes
  readonly webhooks: readonly Webhook[]
}

export type Outcome =
  | { readonly accepted: true; readonly receipts: readonly Receipt[] }
  | { readonly accepted: false; readonly refusals: readonly Refusal[] }

const nothingLeft: Outcome = { accepted: true, receipts: [] }

export type IntakeParts = {
  readonly store: Pick<Store, "accept" | "acceptedBefore">
  readonly registry: Registry
  readonly ownSchemas: OwnSchemas
  readonly clock: Clock
  readonly mint: IdMint
  readonly metrics: Metrics
  readonly tracing: Tracing | null
  /** Told of deliveries as soon as they are durable, in the order of their commits. */
  readonly onDurable: (deliveries: readonly WaitingDelivery[]) => void
  /** Told of webhooks whose deliveries the store may have kept although it did not say so: it went away meanwhile. */
  readonly onUncertain: (workspaceId: WorkspaceId, webhookIds: ReadonlySet<WebhookId>) => void
}

/** The way of an event up to its durable commit: check, build the envelope, route, store. Spec: api.md, "Events". */
export class Intake {
  readonly #parts: IntakeParts

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /**
   * Accepts all submissions or none. Neither this (but where traces are recorded) nor a caller should hold what was
   * parsed while the commit is awaited: it is most of what young collections would copy (docs/decisions/0014).
   *
   * @param from the trace in which they were published.
   * @returns receipts in the order of the submissions, once everything is durable.
   * @throws StoreUnavailable when the store cannot take them now; nothing is kept.
   */
  accept(
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    from: TraceContext | null = null,
  ): Promise<Outcome> {
    const { tracing } = this.#parts
    if (tracing === null) return this.#accept(workspaceId, submissions, from, null)
    return this.#traced(tracing, workspaceId, submissions, from)
  }

  async #traced(
    tracing: Tracing,
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    from: TraceContext | null,
  ): Promise<Outcome> {
    const types = submissions.map(({ type }) => type)
    const span = tracing.accepting(workspaceId, types, from)
    try {
      const outcome = await this.#accept(workspaceId, submissions, span.trace, span)
      if (outcome.accepted) {
        const deliveries = outcome.receipts.reduce((sum, receipt) => sum + receipt.deliveries, 0)
        span.accepted(
          outcome.receipts.map(({ id }) => id),
          deliveries,
        )
      } else span.refused(outcome.refusals[0]?.code ?? "unknown")
      return outcome
    } catch (fault) {
      span.failed(fault)
      throw fault
    }
  }

  #accept(
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    traceContext: TraceContext | null,
    span: AcceptSpan | null,
  ): Promise<Outcome> {
    const built = this.#build(workspaceId, submissions, traceContext)
    if (built.fits) return this.#commit(workspaceId, built.events, span)
    if (submissions.every(({ idempotencyKey }) => idempotencyKey === null))
      return Promise.resolve(this.#refused(submissions.length, built.refusals))
    return this.#acceptRest(workspaceId, submissions, traceContext, span, built.refusals)
  }

  /**
   * What was accepted before is answered as it was then: a retry that is refused, because the catalogue has changed since,
   * would tell its publisher that nothing was ever accepted. What is left is accepted or refused as if it had come alone.
   */
  async #acceptRest(
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    traceContext: TraceContext | null,
    span: AcceptSpan | null,
    refusals: Refusals,
  ): Promise<Outcome> {
    const keys = new Set(submissions.flatMap(({ idempotencyKey }) => idempotencyKey ?? []))
    const known = new Map(
      (await this.#parts.store.acceptedBefore(workspaceId, [...keys])).map((each) => [each.key, each]),
    )
    if (known.size === 0) return this.#refused(submissions.length, refusals)
    const earlier = submissions.map(({ idempotencyKey }) => known.get(idempotencyKey ?? ""))
    const altered = submissions.findIndex((each, at) => earlier[at] && earlier[at].fingerprint !== fingerprint(each))
    if (altered !== -1) return this.#refused(submissions.length, [conflict(altered)])
    const placesLeft = submissions.flatMap((_, at) => (earlier[at] === undefined ? [at] : []))
    const left = submissions.filter((_, at) => earlier[at] === undefined)
    const built = this.#build(workspaceId, left, traceContext)
    const placed = (refusal: Refusal): Refusal => ({ ...refusal, index: placesLeft[refusal.index] ?? 0 })
    if (!built.fits) {
      const [first, ...others] = built.refusals
      return this.#refused(submissions.length, [placed(first), ...others.map(placed)])
    }
    const outcome = left.length === 0 ? nothingLeft : await this.#commit(workspaceId, built.events, span)
    if (!outcome.accepted) return { accepted: false, refusals: outcome.refusals.map(placed) }
    const receipts = outcome.receipts.values()
    return {
      accepted: true,
      receipts: submissions.flatMap(({ type }, at): readonly Receipt[] => {
        const first = earlier[at]
        if (first === undefined) {
          const receipt = receipts.next().value
          return receipt === undefined ? [] : [receipt]
        }
        const { id, createdMs, deliveryCount } = first
        return [{ id, type, createdMs, duplicate: true, deliveries: deliveryCount }]
      }),
    }
  }

  #build(
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    traceContext: TraceContext | null,
  ):
    | { readonly fits: true; readonly events: readonly NewEvent[] }
    | { readonly fits: false; readonly refusals: Refusals } {
    const { registry } = this.#parts
    const types = registry.eventTypes(workspaceId)
    const refusals = this.#refusals(workspaceId, submissions, types)
    const [first] = refusals
    if (first) return { fits: false, refusals: [first, ...refusals.slice(1)] }

    const routed = this.#route(workspaceId, submissions, types)
    if (!routed.fits) return { fits: false, refusals: [tooWide(routed.index)] }
    const trace = traceContext && traceText(traceContext)
    const events = routed.all.map(({ submission, attributes, webhooks }) =>
      buildEvent(this.#parts, workspaceId, {
        ...submission,
        orderingKey: submission.orderingKey ?? orderingKeyOf(attributes.resource_id ?? null),
        attributes,
        fingerprint: () => fingerprint(submission),
        trace,
        webhooks,
      }),
    )
    return { fits: true, events }
  }

  async #commit(workspaceId: WorkspaceId, events: readonly NewEvent[], span: AcceptSpan | null): Promise<Outcome> {
    const outcome = await this.#store(workspaceId, events, span)
    if (outcome.outcome === "conflict") return this.#refused(events.length, [conflict(outcome.index)])

    const waiting: WaitingDelivery[] = []
    const receipts = outcome.events.map((stored, index) => {
      const event = events[index]
      if (!event) throw new Error("the store answered for more events than it was given")
      if (!stored.duplicate) collectWaiting(waiting, workspaceId, event, stored.sequences)
      return {
        id: stored.id,
        type: event.type,
        createdMs: stored.createdMs,
        duplicate: stored.duplicate,
        deliveries: stored.deliveryCount,
      }
    })
    this.#parts.metrics.accepted(receipts.filter(({ duplicate }) => !duplicate).length, waiting.length)
    if (waiting.length > 0) this.#parts.onDurable(waiting)
    return { accepted: true, receipts }
  }

  #refused(submissions: number, refusals: Refusals): Outcome {
    this.#parts.metrics.refused(refusals[0].code, submissions)
    return { accepted: false, refusals }
  }

  /** The profile's schemas are ours; those of the workspace's own types are held to a time. */
  #refusals(
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    types: ReadonlyMap<string, EventType>,
  ): readonly Refusal[] {
    const { registry, ownSchemas } = this.#parts
    const refusals: Refusal[] = []
    const own: (Check & { readonly index: number })[] = []
    for (const [index, submission] of submissions.entries()) {
      const { type, data } = submission
      const refused = refuse(submission, types.get(type), index)
      refusals.push(...refused)
      const schema = types.get(type)?.schema ?? null
      if (schema === null || refused.length > 0) continue
      if (registry.customEventType(workspaceId, type))
        own.push({ index, schema, data, characters: submission.dataText.length })
      else {
        const flaw = flawOf(schema, data)
        if (flaw !== null) refusals.push(unfit(index, flaw))
      }
    }
    const [first] = own
    if (!first) return refusals
    const verdict = ownSchemas.check(workspaceId, own)
    if (verdict.is === "tooSlow") return [...refusals, tooSlow(first.index, verdict.waitMs)]
    // Of what is refused for good its publisher hears first.
    if (verdict.is === "notYet") return refusals.length > 0 ? refusals : [notChecked(first.index, verdict.waitMs)]
    for (const [at, flaw] of verdict.flaws.entries()) if (flaw !== null) refusals.push(unfit(own[at]?.index ?? 0, flaw))
    return refusals.sort((a, b) => a.index - b.index)
  }

  /** Before anything is built of them: what is refused shall have cost little. `index`: the first that is too much. */
  #route(
    workspaceId: WorkspaceId,
    submissions: readonly Submission[],
    types: ReadonlyMap<string, EventType>,
  ): { readonly fits: true; readonly all: readonly Routed[] } | { readonly fits: false; readonly index: number } {
    const routing = this.#parts.registry.routing(workspaceId)
    const all: Routed[] = []
    let deliveries = 0
    for (const [index, submission] of submissions.entries()) {
      const type = types.get(submission.type)
      if (!type) throw new Error(`event type ${submission.type} was checked and is gone`)
      const attributes = attributesOf(type, submission.data, submission.attributes)
      const webhooks = routing(submission.type, attributes)
      deliveries += webhooks.length
      if (index > 0 && deliveries > batchDeliveriesMax) return { fits: false, index }
      all.push({ submission, attributes, webhooks })
    }
    return { fits: true, all }
  }

  async #store(
    workspaceId: WorkspaceId,
    events: readonly NewEvent[],
    span: AcceptSpan | null,
  ): Promise<Accepted | AcceptConflict> {
    const committed = span?.committing()
    try {
      return await this.#parts.store.accept({ workspaceId, events })
    } catch (fault) {
      if (!(fault instanceof StoreRefused)) {
        const webhookIds = events.flatMap(({ deliveries }) => deliveries.map(({ webhookId }) => webhookId))
        this.#parts.onUncertain(workspaceId, new Set(webhookIds))
      }
      if (fault instanceof StoreUnavailable) this.#parts.metrics.refused("store_unavailable", events.length)
      throw fault
    } finally {
      committed?.()
    }
  }
}

function refuse(submission: Submission, type: EventType | undefined, index: number): Refusal[] {
  if (isOperational(submission.type)) {
    const detail = `${submission.type} is published by Tocsin alone; POST /v1/webhooks/{id}/test sends a webhook its sample`
    return [{ index, pointer: "/type", code: "event_type_reserved", detail }]
  }
  if (!type) {
    const detail = `${submission.type} is not in this workspace's catalogue; GET /v1/event-types lists it, POST /v1/event-types adds to it`
    return [{ index, pointer: "/type", code: "unknown_event_type", detail }]
  }
  // A text has at most three UTF-8 bytes per UTF-16 unit: most need no count.
  if (submission.dataText.length * 3 > dataBytesMax && Buffer.byteLength(submission.dataText) > dataBytesMax) {
    return [{ index, pointer: "/data", code: "data_too_large", detail: `is over ${dataBytesMax} bytes` }]
  }
  return []
}

function unfit(index: number, flaw: Flaw): Refusal {
  return { index, pointer: `/data${flaw.pointer}`, code: "data_invalid", detail: flaw.detail }
}

function tooSlow(index: number, waitMs: number): Refusal {
  const detail = `takes too long to check against its type's schema; simplify the schema's patterns, references or unique items. No events of the workspace's own types with schemas are taken for ${Math.ceil(waitMs / 1000)} s`
  return { index, pointer: "/data", code: "data_invalid", detail }
}

function notChecked(index: number, waitMs: number): Refusal {
  const detail =
    "was not looked at: the schemas of this workspace's own types took too long. Send it again; to be rid of this, simplify their patterns, references or unique items"
  return { index, pointer: "/data", code: "schemas_too_slow", waitMs, detail }
}

function tooWide(index: number): Refusal {
  const detail = `with this one the batch would make over ${batchDeliveriesMax} deliveries; send smaller batches`
  return { index, pointer: "", code: "batch_too_wide", detail }
}

function conflict(index: number): Refusal {
  const detail =
    "was used before with another content; a retry must repeat the event exactly, a new event needs a new key"
  return { index, pointer: "/idempotency_key", code: "idempotency_conflict", detail }
}

const orderingKeyMax = 256
/**
 * The key of a resource found in `data`, where it may be any text: one that is too long for an index, or that a store
 * would alter, is replaced by its hash. So different resources keep different keys.
 */
function orderingKeyOf(resourceId: string | null): string | null {
  if (resourceId === null || (resourceId.length <= orderingKeyMax && storable(resourceId))) return resourceId
  return `sha256:${createHash("sha256").update(Buffer.from(resourceId, "utf16le")).digest("hex")}`
}

/** Without NUL, which PostgreSQL's text lacks, and halves of surrogate pairs, which UTF-8 cannot write. */
function storable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0")
}

/** Same key and same fingerprint: a retry. Taken over what the publisher wrote, not over what Tocsin added. */
function fingerprint(submission: Submission): string {
  const { type, dataText, createdMs, orderingKey, attributes, metadataText } = submission
  return createHash("sha256")
    .update(JSON.stringify([type, dataText, createdMs, orderingKey, attributes, metadataText]))
    .digest("base64url")
}

function collectWaiting(
  waiting: WaitingDelivery[],
  workspaceId: WorkspaceId,
  event: NewEvent,
  sequences: readonly number[],
): void {
  event.deliveries.forEach((delivery, at) => {
    const sequence = sequences[at]
    if (sequence === undefined) throw new Error(`the store gave no sequence for ${delivery.id}`)
    waiting.push({
      id: delivery.id,
      workspaceId,
      webhookId: delivery.webhookId,
      eventId: event.id,
      eventType: event.type,
      sequence,
      laneKey: delivery.laneKey,
      attempts: 0,
      attemptsBefore: 0,
      dueMs: event.acceptedMs,
      windowFromMs: event.acceptedMs,
      trace: event.trace,
      body: event.body,
    })
  })
}
