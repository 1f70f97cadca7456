import type { WebhookId } from "../domain/ids.ts"
import type { ClientCredentials } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { PostTarget } from "../ports/poster.ts"
import type { Sender, SendResult } from "../ports/sender.ts"

/** What a webhook's `Authorization` header is to be, or why there is none. */
export type Authorized =
  | { readonly ok: true; readonly value: string }
  /** `message` may be shown to the webhook's owner. */
  | { readonly ok: false; readonly message: string }

/** A token endpoint that takes longer than this is not going to answer. */
const fetchMaxMs = 10_000
/** Of a token whose lifetime is not told (RFC 6749 §5.1 only recommends it). */
const lifetimeDefaultMs = 300_000
/** A token is not used in the last part of its life: it has to arrive before it expires. */
const marginMaxMs = 60_000
const marginShare = 0.1
/** Tokens are kept for this many webhooks; the one asked for least recently makes room. */
const keptMax = 10_000

type Kept = {
  readonly credentials: ClientCredentials
  /** One fetch for all deliveries that wait for it. */
  readonly fetched: Promise<Fetched>
  /** Null while it is being fetched. */
  validUntilMs: number | null
}

type Fetched =
  | { readonly ok: true; readonly token: string; readonly lifetimeMs: number }
  | { readonly ok: false; readonly message: string }

/**
 * Fetches and keeps access tokens by OAuth 2 client credentials (RFC 6749 §4.4). The token endpoint is posted to by the
 * sender, so the rules for addresses, TLS and hostile answers hold for it as for receivers.
 */
export class Authorizing {
  readonly #sender: Pick<Sender, "send">
  readonly #clock: Pick<Clock, "now">
  readonly #kept = new Map<WebhookId, Kept>()

  constructor(sender: Pick<Sender, "send">, clock: Pick<Clock, "now">) {
    this.#sender = sender
    this.#clock = clock
  }

  /**
   * The `Authorization` header for a webhook with client credentials.
   *
   * @param timeoutMs what the attempt has left.
   */
  async header(webhook: PostTarget, credentials: ClientCredentials, timeoutMs: number): Promise<Authorized> {
    const kept = this.#usable(webhook.id, credentials) ?? this.#fetch(webhook.id, credentials, timeoutMs)
    // Asked for last.
    this.#kept.delete(webhook.id)
    this.#kept.set(webhook.id, kept)
    const fetched = await kept.fetched
    return fetched.ok ? { ok: true, value: `Bearer ${fetched.token}` } : fetched
  }

  /** The receiver did not take the token: the next attempt asks for a new one. */
  refused(id: WebhookId): void {
    this.#kept.delete(id)
  }

  #usable(id: WebhookId, credentials: ClientCredentials): Kept | null {
    const kept = this.#kept.get(id)
    if (!kept || !same(kept.credentials, credentials)) return null
    return kept.validUntilMs === null || this.#clock.now() < kept.validUntilMs ? kept : null
  }

  #fetch(id: WebhookId, credentials: ClientCredentials, timeoutMs: number): Kept {
    const oldest = this.#kept.size >= keptMax ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#kept.delete(oldest)
    const askedMs = this.#clock.now()
    const fetched = this.#sender
      .send({
        url: credentials.tokenUrl,
        headers: tokenHeaders(credentials),
        body: tokenForm(credentials),
        timeoutMs: Math.min(timeoutMs, fetchMaxMs),
      })
      .then(readToken)
    const kept: Kept = { credentials, fetched, validUntilMs: null }
    fetched.then((result) => {
      if (result.ok) kept.validUntilMs = askedMs + result.lifetimeMs
      else if (this.#kept.get(id) === kept) this.#kept.delete(id)
    })
    return kept
  }
}

function same(one: ClientCredentials, other: ClientCredentials): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

function tokenHeaders({ clientId, clientSecret, clientAuthentication }: ClientCredentials) {
  const headers: [string, string][] = [
    ["content-type", "application/x-www-form-urlencoded"],
    ["accept", "application/json"],
  ]
  if (clientAuthentication === "basic") {
    // RFC 6749 §2.3.1: each part form-encoded first.
    const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`
    headers.push(["authorization", `Basic ${Buffer.from(pair).toString("base64")}`])
  }
  return headers
}

function tokenForm(credentials: ClientCredentials): string {
  const form = new URLSearchParams({ grant_type: "client_credentials" })
  if (credentials.scope !== null) form.set("scope", credentials.scope)
  if (credentials.audience !== null) form.set("audience", credentials.audience)
  if (credentials.clientAuthentication === "body") {
    form.set("client_id", credentials.clientId)
    form.set("client_secret", credentials.clientSecret)
  }
  return form.toString()
}

function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1)
}

/** RFC 6749 §5.2; another word would be the endpoint's to choose, and it is shown to people. */
const knownErrors: ReadonlySet<unknown> = new Set([
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
])

/** RFC 6750 §2.1 `b64token`. */
const tokenForm6750 = /^[A-Za-z0-9._~+/-]{1,8192}=*$/

function readToken({ response, failure }: SendResult): Fetched {
  if (failure !== null) return failed(`it could not be asked: ${failure.message}`)
  if (response === null) return failed("it gave no answer")
  const answer = members(response.body)
  if (response.status !== 200) {
    return failed(`it answered ${response.status}${knownErrors.has(answer.error) ? ` (${answer.error})` : ""}`)
  }
  const { access_token: token, token_type: type, expires_in: seconds } = answer
  if (typeof token !== "string" || !tokenForm6750.test(token)) return failed("its answer holds no access token")
  if (typeof type !== "string" || type.toLowerCase() !== "bearer") return failed("its token is not a bearer token")
  const lifetimeMs = typeof seconds === "number" && seconds >= 0 ? seconds * 1000 : lifetimeDefaultMs
  return { ok: true, token, lifetimeMs: lifetimeMs - Math.min(marginMaxMs, lifetimeMs * marginShare) }
}

function failed(because: string): Fetched {
  return { ok: false, message: `The token endpoint gave no access token: ${because}` }
}

function members(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  } catch {
    return {}
  }
}
