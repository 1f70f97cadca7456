import type { WaitingDelivery } from "../domain/delivery.ts"
import type { NewEvent } from "../domain/event.ts"
import type { WorkspaceId } from "../domain/ids.ts"
import { isAbout, isOperational, type OperationalType, operationalKeyPrefix } from "../domain/operational.ts"
import type { DisabledReason, Webhook } from "../domain/webhook.ts"
import type { Settlement, Store } from "../ports/store.ts"
import { rfc3339Seconds } from "../profiles/rfc3339.ts"
import { type BuildingParts, buildEvent } from "./event-building.ts"

const hourMs = 3_600_000

/**
 * Makes the events in which Tocsin tells of its own work. They are events like any other, with two differences:
 *
 * - One that no webhook has named is not made at all: most workspaces want none, and a dead endpoint's million
 *   exhausted deliveries must not become a million events that nobody reads.
 * - None goes to the webhook that it is about: the endpoint in trouble is the wrong one to tell. And what becomes of
 *   their own deliveries is never told of by another: so no event can bring about itself.
 *
 * Each has an idempotency key: whatever is made again after a crash, or on another node, is the same event.
 */
export class OperationalEvents {
  readonly #parts: BuildingParts & { readonly store: Pick<Store, "delivery"> }

  constructor(parts: BuildingParts & { readonly store: Pick<Store, "delivery"> }) {
    this.#parts = parts
  }

  /** @returns null when nobody is to be told. */
  webhookDisabled(webhook: Webhook, reason: DisabledReason, atMs: number): NewEvent | null {
    const data = { webhook: shown(webhook), reason, disabled_at: rfc3339Seconds(atMs) }
    return this.#event("webhook.disabled", webhook, data, `${webhook.id}:${webhook.version}`)
  }

  /**
   * @returns null when it is not exhausted, or nobody is to be told.
   * @throws StoreUnavailable
   */
  async afterSettling(
    delivery: WaitingDelivery,
    webhook: Webhook,
    { next, attempt, atMs }: Pick<Settlement, "next" | "attempt" | "atMs">,
  ): Promise<NewEvent | null> {
    const { workspaceId } = webhook
    if (next.state !== "exhausted" || isOperational(delivery.eventType)) return null
    if (!this.#isThere(webhook) || !this.isWanted(workspaceId, "delivery.exhausted")) return null
    const attempts = attempt?.number ?? delivery.attempts
    const last = attempt
      ? { statusCode: attempt.statusCode, errorCode: attempt.error?.code ?? null }
      : await this.#lastAnswer(delivery)
    // What was under way for a webhook that is deleted has been cancelled with it.
    if (!this.#isThere(webhook)) return null
    const data = {
      webhook: shown(webhook),
      delivery: {
        id: delivery.id,
        event_id: delivery.eventId,
        event_type: delivery.eventType,
        sequence: delivery.sequence,
        attempts,
        because: next.because,
        exhausted_at: rfc3339Seconds(atMs),
        last_status_code: last.statusCode,
        last_error_code: last.errorCode,
      },
    }
    return this.#event("delivery.exhausted", webhook, data, `${delivery.id}:${attempts}`)
  }

  #isThere({ workspaceId, id }: Webhook): boolean {
    return this.#parts.registry.webhook(workspaceId, id) !== undefined
  }

  /** Of a delivery that ends without another attempt: a lane does not carry what the last one got. */
  async #lastAnswer({ workspaceId, id }: WaitingDelivery) {
    const stored = await this.#parts.store.delivery(workspaceId, id)
    return { statusCode: stored?.lastStatusCode ?? null, errorCode: stored?.lastErrorCode ?? null }
  }

  /** The same threshold is told of once an hour at most, whatever is forgotten in a restart. */
  backlogGrowing(webhook: Webhook, waiting: number, reached: number, atMs: number): NewEvent | null {
    const data = { webhook: shown(webhook), backlog: { waiting, reached, observed_at: rfc3339Seconds(atMs) } }
    return this.#event("backlog.growing", webhook, data, `${webhook.id}:${reached}:${Math.floor(atMs / hourMs)}`)
  }

  /** Whether anybody in the workspace has named it. */
  isWanted(workspaceId: WorkspaceId, type: OperationalType): boolean {
    return this.#parts.registry.routing(workspaceId)(type, {}).length > 0
  }

  #event(type: OperationalType, about: Webhook, data: object, key: string): NewEvent | null {
    const { workspaceId } = about
    if (!this.#parts.registry.workspace(workspaceId)) return null
    const webhooks = this.#parts.registry
      .routing(workspaceId)(type, {})
      .filter(({ id }) => !isAbout(id, { type, orderingKey: about.id }))
    if (webhooks.length === 0) return null
    return buildEvent(this.#parts, workspaceId, {
      type,
      dataText: JSON.stringify(data),
      idempotencyKey: `${operationalKeyPrefix}${type}:${key}`,
      // The key says all: a second one with other figures is the same news.
      fingerprint: () => type,
      createdMs: null,
      orderingKey: about.id,
      attributes: {},
      metadataText: null,
      trace: null,
      webhooks,
    })
  }
}

/** No URL: it may hold a credential, and is for this workspace's people, not for another endpoint. */
function shown({ id, description }: Webhook) {
  return { id, description }
}
