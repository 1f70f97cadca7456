import { maskedHeader } from "../domain/credential-headers.ts"
import type { Attempt, HeaderList } from "../domain/delivery.ts"
import type { DeliveryId, EventId } from "../domain/ids.ts"
import type { Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { Sender } from "../ports/sender.ts"
import { deliveryHeaders } from "../profiles/delivery-headers.ts"
import type { Profile } from "../profiles/profile.ts"
import { judge, type Verdict } from "./judging.ts"

/** One event on its way to one webhook. */
export type Post = {
  readonly eventId: EventId
  readonly eventType: string
  readonly deliveryId: DeliveryId
  readonly attempt: number
  /** Null for a test: it takes no place in the webhook's sequence, where a gap means loss. */
  readonly sequence: number | null
  readonly body: string
  /** A test or verification payload, marked as such. */
  readonly test: boolean
}

export type Posted = { readonly attempt: Attempt; readonly verdict: Verdict }

/** Signs, posts and judges: what a delivery from the queue and a test have in common. */
export class Posting {
  readonly #sender: Sender
  readonly #clock: Clock

  constructor(sender: Sender, clock: Clock) {
    this.#sender = sender
    this.#clock = clock
  }

  /** Never rejects. */
  async post(webhook: Webhook, profile: Profile, post: Post): Promise<Posted> {
    const first = await this.#once(webhook, profile, post, "current")
    // During an overlap the receiver may still check the one-value header with the old secret (api.md, rotate-secret).
    const { previous } = webhook.secrets
    const status = first.attempt.statusCode
    const mayKnowOldOnly =
      previous !== null && previous.untilMs > this.#clock.now() && (status === 401 || status === 403)
    return mayKnowOldOnly ? this.#once(webhook, profile, post, "previous") : first
  }

  async #once(webhook: Webhook, profile: Profile, post: Post, secret: "current" | "previous"): Promise<Posted> {
    const atMs = this.#clock.now()
    const timeoutMs = (webhook.timeoutSeconds ?? profile.timeoutSeconds.default) * 1000
    const requestHeaders = deliveryHeaders({
      profile,
      secrets: webhook.secrets,
      singleSignatureBy: secret,
      customHeaders: webhook.headers,
      eventId: post.eventId,
      eventType: post.eventType,
      deliveryId: post.deliveryId,
      attempt: post.attempt,
      sequence: post.sequence,
      nowMs: atMs,
      body: post.body,
      test: post.test,
    })
    const result = await this.#sender.send({ url: webhook.url, headers: requestHeaders, body: post.body, timeoutMs })
    const verdict = judge(profile, result, timeoutMs, this.#clock.now())
    return {
      verdict,
      attempt: {
        number: post.attempt,
        atMs,
        durationMs: result.durationMs,
        statusCode: result.response?.status ?? null,
        error: verdict.delivered ? null : verdict.error,
        requestHeaders: withoutCredentials(requestHeaders, webhook.headers),
        responseHeaders: result.response?.headers ?? [],
        responseBody: result.response?.body ?? "",
      },
    }
  }
}

/** The headers as the log may keep them: what a customer's own headers hold of credentials is stored sealed only. */
function withoutCredentials(sent: HeaderList, custom: Webhook["headers"]): HeaderList {
  const own = new Set(Object.keys(custom).map((name) => name.toLowerCase()))
  if (own.size === 0) return sent
  return sent.map(([name, value]) => [name, own.has(name.toLowerCase()) ? maskedHeader(name, value) : value] as const)
}
