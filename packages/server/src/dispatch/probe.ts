import { asId, type IdMint, type WorkspaceId } from "../domain/ids.ts"
import type { Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { Posted, Poster } from "../ports/poster.ts"
import type { Registry } from "../registry/registry.ts"
import { Counts } from "./counts.ts"

export type ProbeParts = {
  readonly registry: Registry
  readonly poster: Pick<Poster, "post">
  readonly clock: Clock
  readonly mint: IdMint
}

export type Probed = Posted & { readonly body: string }

/** Sends a payload to a webhook now, outside the queue: "Send test event" and "Enable Verification". */
export class Probe {
  readonly #parts: ProbeParts
  readonly #underWay = new Counts<WorkspaceId>()

  constructor(parts: ProbeParts) {
    this.#parts = parts
  }

  /** Sends the sample of an event type of the workspace; an empty object where a type has none. */
  test(webhook: Webhook, type: { readonly name: string; readonly sample: unknown }): Promise<Probed> {
    return this.#send(webhook, type.name, type.sample ?? {})
  }

  /** Sends the profile's verification payload. What success changes is the caller's to decide. */
  verify(webhook: Webhook): Promise<Probed> {
    const { verification } = this.#parts.registry.profile(webhook.workspaceId)
    return this.#send(webhook, verification.type, verification.data)
  }

  /** How many are on their way for a workspace. */
  underWay(workspaceId: WorkspaceId): number {
    return this.#underWay.of(workspaceId)
  }

  async #send(webhook: Webhook, type: string, data: unknown): Promise<Probed> {
    this.#underWay.more(webhook.workspaceId)
    try {
      return await this.#post(webhook, type, data)
    } finally {
      this.#underWay.less(webhook.workspaceId)
    }
  }

  async #post(webhook: Webhook, type: string, data: unknown): Promise<Probed> {
    const { registry, poster, clock, mint } = this.#parts
    const profile = registry.profile(webhook.workspaceId)
    const nowMs = clock.now()
    const id = profile.eventId(mint.next(nowMs))
    const body = profile.envelope({
      id,
      type,
      createdMs: nowMs,
      data: JSON.stringify(data),
      workspaceId: webhook.workspaceId,
      engineVersion: registry.workspace(webhook.workspaceId)?.engineVersion ?? null,
      idempotencyKey: null,
      metadata: null,
    })
    const posted = await poster.post(webhook, profile.name, {
      eventId: id,
      eventType: type,
      deliveryId: asId(`dlv_${mint.next(nowMs)}`),
      attempt: 1,
      sequence: null,
      body,
      trace: null,
      test: true,
    })
    return { ...posted, body }
  }
}
