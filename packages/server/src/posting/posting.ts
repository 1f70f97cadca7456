import { recordedAttempt } from "../domain/attempt-detail.ts"
import type { HeaderList } from "../domain/delivery.ts"
import type { WebhookAuthorization, WebhookSecrets } from "../domain/webhook.ts"
import type { ProfileName } from "../domain/workspace.ts"
import type { Clock } from "../ports/clock.ts"
import type { Post, Posted, Poster, PostTarget } from "../ports/poster.ts"
import type { Sender, SendRequest, SendResult } from "../ports/sender.ts"
import { profileByName } from "../profiles/by-name.ts"
import { deliveryHeaders } from "../profiles/delivery-headers.ts"
import type { Profile } from "../profiles/profile.ts"
import { Authorizing } from "./authorizing.ts"
import { judge } from "./judging.ts"
import { credentialsOf, withheld, withheldHeaders } from "./withholding.ts"

/** Signs, posts and judges: what a delivery from the queue and a test have in common. */
export class Posting implements Poster {
  readonly #sender: Sender
  readonly #clock: Clock
  readonly #authorizing: Authorizing

  constructor(sender: Sender, clock: Clock) {
    this.#sender = sender
    this.#clock = clock
    this.#authorizing = new Authorizing(sender, clock)
  }

  post(webhook: PostTarget, profileName: ProfileName, post: Post): Promise<Posted> {
    const profile = profileByName(profileName)
    const { previous } = webhook.secrets
    return previous === null
      ? this.#once(webhook, profile, post, "current")
      : this.#overlapping(webhook, previous, profile, post)
  }

  /** During an overlap the receiver may still check the one-value header with the old secret (api.md, rotate-secret). */
  async #overlapping(
    webhook: PostTarget,
    previous: NonNullable<WebhookSecrets["previous"]>,
    profile: Profile,
    post: Post,
  ): Promise<Posted> {
    const first = await this.#once(webhook, profile, post, "current")
    const status = first.attempt.statusCode
    // Where the profile has no such header, `webhook-signature` has carried both already.
    const mayKnowOldOnly =
      previous.untilMs > this.#clock.now() &&
      (status === 401 || status === 403) &&
      profile.signature(previous.secret, post.body) !== null
    return mayKnowOldOnly ? this.#once(webhook, profile, post, "previous") : first
  }

  refusal(url: string): Promise<string | null> {
    return this.#sender.refusal(url)
  }

  /** Nothing is held of a webhook but its token, which is compared with what it is fetched by. */
  changed(): void {}

  ready(): string | null {
    return null
  }

  close(): Promise<void> {
    return this.#sender.close()
  }

  async #once(webhook: PostTarget, profile: Profile, post: Post, secret: "current" | "previous"): Promise<Posted> {
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
      trace: post.trace,
      test: post.test,
    })
    const { url, tls, authorization: wanted } = webhook
    const request = { url, headers: requestHeaders, body: post.body, timeoutMs, tls }
    const { result, headers, authorization } =
      wanted === null
        ? { result: await this.#send(request), headers: requestHeaders, authorization: null }
        : await this.#sendAuthorized(webhook, wanted, request)
    const verdict = judge(profile, result, { timeoutMs, nowMs: this.#clock.now(), test: post.test })
    const credentials = result.response === null ? [] : credentialsOf(webhook, authorization)
    return {
      verdict,
      attempt: recordedAttempt({
        number: post.attempt,
        atMs,
        durationMs: result.durationMs,
        statusCode: result.response?.status ?? null,
        error: verdict.delivered ? null : verdict.error,
        requestHeaders: withheldHeaders(headers, webhook),
        responseHeaders: (result.response?.headers ?? []).map(([name, value]) => [name, withheld(value, credentials)]),
        responseBody: withheld(result.response?.body ?? "", credentials),
      }),
    }
  }

  /** A sender that rejects may have sent: that is an attempt, and counts as one. */
  #send(request: SendRequest): Promise<SendResult> {
    return this.#sender.send(request).catch((fault: unknown) => ({
      durationMs: 0,
      response: null,
      failure: { code: "internal", message: String(fault) },
    }))
  }

  /** Adds the authorization that the webhook asks for. Without it nothing is sent to the receiver. */
  async #sendAuthorized(webhook: PostTarget, wanted: WebhookAuthorization, request: SendRequest): Promise<Sent> {
    const { headers, timeoutMs } = request
    const startedMs = this.#clock.monotonic()
    const authorized =
      wanted.kind === "static"
        ? { ok: true as const, value: wanted.value }
        : await this.#authorizing.header(webhook, wanted, timeoutMs)
    const spentMs = this.#clock.monotonic() - startedMs
    if (!authorized.ok) {
      const failure = { code: "authorization_failed", message: authorized.message } as const
      return { result: { durationMs: spentMs, response: null, failure }, headers, authorization: null }
    }
    const whole: HeaderList = [...headers, ["authorization", authorized.value]]
    // One deadline for both: fetching a token does not lengthen an attempt.
    const leftMs = Math.max(1, timeoutMs - spentMs)
    const result = await this.#send({ ...request, headers: whole, timeoutMs: leftMs })
    if (result.response?.status === 401) this.#authorizing.refused(webhook.id)
    const durationMs = spentMs + result.durationMs
    return { result: { ...result, durationMs }, headers: whole, authorization: authorized.value }
  }
}

type Sent = {
  readonly result: SendResult
  readonly headers: HeaderList
  /** The value that was sent with it. */
  readonly authorization: string | null
}
