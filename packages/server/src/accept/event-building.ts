import type { NewDelivery, NewEvent } from "../domain/event.ts"
import { asId, type IdMint, type WorkspaceId } from "../domain/ids.ts"
import type { Attributes, Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { Registry } from "../registry/registry.ts"

export type BuildingParts = { readonly registry: Registry; readonly clock: Clock; readonly mint: IdMint }

/** What is to become an event: checked, and with the webhooks that it goes to. */
export type EventPlan = {
  readonly type: string
  readonly dataText: string
  readonly idempotencyKey: string | null
  /** Asked for where there is a key: same key and same fingerprint, a retry. */
  readonly fingerprint: () => string
  readonly createdMs: number | null
  readonly orderingKey: string | null
  readonly attributes: Attributes
  readonly metadataText: string | null
  readonly trace: string | null
  readonly webhooks: readonly Webhook[]
}

/** Mints the ids and builds the envelope: from here on the body never changes. */
export function buildEvent(
  { registry, clock, mint }: BuildingParts,
  workspaceId: WorkspaceId,
  plan: EventPlan,
): NewEvent {
  const profile = registry.profile(workspaceId)
  const acceptedMs = clock.now()
  const id = profile.eventId(mint.next(acceptedMs))
  const createdMs = plan.createdMs ?? acceptedMs
  const { idempotencyKey } = plan
  const deliveries = plan.webhooks.map(
    (webhook): NewDelivery => ({
      id: asId(`dlv_${mint.next(acceptedMs)}`),
      webhookId: webhook.id,
      // Whatever the ordering is now, so that a later change to `by_key` finds the keys. Events without one share
      // a lane: an unknown order is kept rather than lost.
      laneKey: plan.orderingKey ?? "",
    }),
  )
  const body = profile.envelope({
    id,
    type: plan.type,
    createdMs,
    data: plan.dataText,
    workspaceId,
    engineVersion: registry.workspace(workspaceId)?.engineVersion ?? null,
    idempotencyKey,
    metadata: plan.metadataText,
  })
  return {
    id,
    type: plan.type,
    createdMs,
    acceptedMs,
    body,
    orderingKey: plan.orderingKey,
    attributes: plan.attributes,
    metadata: plan.metadataText,
    trace: plan.trace,
    idempotency: idempotencyKey === null ? null : { key: idempotencyKey, fingerprint: plan.fingerprint() },
    deliveries,
  }
}
