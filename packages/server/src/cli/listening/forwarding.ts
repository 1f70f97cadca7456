import { randomUUID } from "node:crypto"
import type { AttemptError, HeaderList } from "../../domain/delivery.ts"
import { asId, type DeliveryId, type EventId } from "../../domain/ids.ts"
import type { Sender } from "../../ports/sender.ts"
import { judge } from "../../posting/judging.ts"
import { deliveryHeaders } from "../../profiles/delivery-headers.ts"
import type { Profile } from "../../profiles/profile.ts"

export type Target = {
  readonly url: string
  readonly secret: string
  /** The developer's own, beside the profile's. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** What a developer's receiver made of an event. */
export type Forwarded = {
  readonly delivered: boolean
  readonly status_code: number | null
  readonly duration_ms: number
  readonly error: AttemptError | null
  readonly request_headers: Readonly<Record<string, string>>
  readonly response_body: string
}

/** Posts events to a receiver as the server would: the profile's headers, its rule of success, the same reasons. */
export class Forwarding {
  readonly #sender: Sender
  readonly #profile: Profile
  readonly #target: Target
  #sequence = 0

  constructor(sender: Sender, profile: Profile, target: Target) {
    this.#sender = sender
    this.#profile = profile
    this.#target = target
  }

  /** One attempt. Never rejects. @param body the event's, byte for byte. */
  async forward(
    event: { readonly id: string; readonly type: string },
    body: string,
    nowMs: number,
  ): Promise<Forwarded> {
    const { url, secret, headers: customHeaders, timeoutMs } = this.#target
    this.#sequence += 1
    const headers = deliveryHeaders({
      profile: this.#profile,
      secrets: { current: secret, previous: null },
      customHeaders,
      eventId: asId<EventId>(event.id),
      eventType: event.type,
      // Of no delivery that the server knows.
      deliveryId: asId<DeliveryId>(`dlv_listen_${randomUUID().replaceAll("-", "")}`),
      attempt: 1,
      sequence: this.#sequence,
      nowMs,
      body,
      test: false,
      trace: null,
      singleSignatureBy: "current",
    })
    const result = await this.#sender.send({ url, headers, body, timeoutMs })
    const verdict = judge(this.#profile, result, { timeoutMs, nowMs, test: false })
    return {
      delivered: verdict.delivered,
      status_code: result.response?.status ?? null,
      duration_ms: Math.round(result.durationMs),
      error: verdict.delivered ? null : verdict.error,
      request_headers: asObject(headers),
      response_body: result.response?.body ?? "",
    }
  }
}

function asObject(headers: HeaderList): Readonly<Record<string, string>> {
  return Object.fromEntries(headers)
}
