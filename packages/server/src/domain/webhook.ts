import type { WebhookId, WorkspaceId } from "./ids.ts"

/** `strict`: one in flight per webhook. `by_key`: one in flight per ordering key. `none`: parallel. Spec: wire.md. */
export type Ordering = "strict" | "by_key" | "none"

/** The attributes that filters look at. */
export type Attribute = "severity" | "environment" | "cloud_provider" | "resource_id"

/** What an event carries: `undefined` for an attribute its type does not carry, `null` for one it should but does not. */
export type Attributes = { readonly [A in Attribute]?: string | null }

/** Criteria are ANDed, values ORed, compared without regard to case. An absent or empty criterion says nothing. */
export type Filters = {
  readonly severity?: readonly string[]
  readonly environments?: readonly string[]
  readonly cloudProviders?: readonly string[]
}

/** As the customer gave it: what is left out takes the default of wire.md. */
export type RetryConfig = {
  readonly maxAttempts?: number
  readonly backoffMultiplier?: number
  readonly initialDelaySeconds?: number
}

export type RateLimit = { readonly requests: number; readonly perSeconds: number }

/** A secret in the clear lives in memory only; stores are handed it sealed. */
export type WebhookSecrets = {
  readonly current: string
  /** Still accepted by receivers that have not switched, until `untilMs`. */
  readonly previous: { readonly secret: string; readonly untilMs: number } | null
}

/** What an endpoint asks for in the `Authorization` header. In the clear in memory only. */
export type WebhookAuthorization = { readonly kind: "static"; readonly value: string } | ClientCredentials

/** OAuth 2 client credentials (RFC 6749 §4.4). */
export type ClientCredentials = {
  readonly kind: "client_credentials"
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | null
  readonly audience: string | null
  /** How the client names itself to the token endpoint (RFC 6749 §2.3.1): by `Authorization: Basic`, or in the form. */
  readonly clientAuthentication: "basic" | "body"
}

/** How TLS with an endpoint differs from the usual. PEM texts; the key in the clear in memory only. */
export type WebhookTls = {
  readonly client: { readonly certificate: string; readonly key: string } | null
  /** The only authorities that the endpoint's certificate may come from; null: the public ones. */
  readonly authority: string | null
}

/** A registered endpoint. An optional setting that the customer left out is null, so that defaults stay the profile's. */
export type Webhook = {
  readonly id: WebhookId
  readonly workspaceId: WorkspaceId
  readonly url: string
  /** Event types, `*`, or a family such as `policy.*`. */
  readonly events: readonly string[]
  readonly secrets: WebhookSecrets
  readonly active: boolean
  /** Set by the engine (410, five days of failure); cleared when a customer sets `active: true`. */
  readonly disabled: { readonly reason: DisabledReason; readonly atMs: number } | null
  readonly verification: { readonly enabled: boolean; readonly verifiedAtMs: number | null }
  readonly description: string | null
  readonly filters: Filters | null
  readonly retryConfig: RetryConfig | null
  readonly timeoutSeconds: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly authorization: WebhookAuthorization | null
  readonly tls: WebhookTls | null
  readonly ordering: Ordering | null
  readonly rateLimit: RateLimit | null
  readonly createdMs: number
  readonly updatedMs: number
  /** When it last began to send again; what was accepted a whole window before that is expired, not sent. */
  readonly resumedAtMs: number
  /** Kept as a tombstone until retention has removed its last delivery: its log stays readable. */
  readonly deletedMs: number | null
  /** Rises by one with each change: a writer that read an older version must read again. */
  readonly version: number
}

export type DisabledReason = "gone" | "failing"

export type WebhookStatus = "active" | "inactive" | "unverified" | "disabled" | "deleted"

/** What a status depends on. */
type Standing = Pick<Webhook, "deletedMs" | "disabled" | "active" | "verification">

export function webhookStatus(webhook: Standing): WebhookStatus {
  if (webhook.deletedMs !== null) return "deleted"
  if (webhook.disabled !== null) return "disabled"
  if (!webhook.active) return "inactive"
  if (webhook.verification.enabled && webhook.verification.verifiedAtMs === null) return "unverified"
  return "active"
}

/** Whether its deliveries are sent now; otherwise they are held. */
export function isSending(webhook: Standing): boolean {
  return webhookStatus(webhook) === "active"
}

/** Scheme, host and port that a webhook's URL leads to. What is no URL is refused when it is posted to. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

/** What the log has taught about a webhook; kept by the store in step with its attempts. */
export type WebhookHealth = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly consecutiveFailures: number
  /** The first failure since the last success. */
  readonly failingSinceMs: number | null
  readonly lastSuccessMs: number | null
  /** Deliveries not yet ended. */
  readonly backlog: number
  readonly lastSequence: number
}
