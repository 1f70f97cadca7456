import type { Probed } from "../../dispatch/probe.ts"
import { attemptIn } from "../../domain/attempt-detail.ts"
import { maskedHeader } from "../../domain/credential-headers.ts"
import type { HeaderList } from "../../domain/delivery.ts"
import { retryPolicy } from "../../domain/retrying.ts"
import { type Filters, type Webhook, type WebhookHealth, webhookStatus } from "../../domain/webhook.ts"
import type { Profile } from "../../profiles/profile.ts"
import { rfc3339, rfc3339OrNull } from "../times.ts"
import { authorizationView } from "./authorization-rules.ts"
import { tlsView } from "./tls-rules.ts"

type Health = Pick<WebhookHealth, "consecutiveFailures" | "lastSuccessMs" | "backlog">

const noHealth: Health = { consecutiveFailures: 0, lastSuccessMs: null, backlog: 0 }

/** A webhook as the API shows it: settings left out appear as the defaults that hold. */
export function webhookView(webhook: Webhook, profile: Profile, health: Health = noHealth) {
  return {
    ...settingsView(webhook, profile),
    consecutive_failures: health.consecutiveFailures,
    last_success_at: rfc3339OrNull(health.lastSuccessMs),
    backlog: health.backlog,
  }
}

/** Without health: what the audit log keeps of it before and after a change. */
export function settingsView(webhook: Webhook, profile: Profile) {
  const retry = retryPolicy(webhook.retryConfig)
  return {
    id: webhook.id,
    url: webhook.url,
    events: [...webhook.events],
    active: webhook.active,
    description: webhook.description,
    filters: filtersView(webhook.filters),
    retry_config: {
      max_attempts: retry.attemptsMax,
      backoff_multiplier: retry.growth,
      initial_delay_seconds: retry.firstDelayMs / 1000,
    },
    timeout_seconds: webhook.timeoutSeconds ?? profile.timeoutSeconds.default,
    headers: maskedHeaders(webhook.headers),
    authorization: authorizationView(webhook.authorization),
    tls: tlsView(webhook.tls),
    ordering: webhook.ordering ?? profile.ordering,
    rate_limit:
      webhook.rateLimit === null
        ? null
        : { requests: webhook.rateLimit.requests, per_seconds: webhook.rateLimit.perSeconds },
    verification: {
      enabled: webhook.verification.enabled,
      verified_at: rfc3339OrNull(webhook.verification.verifiedAtMs),
    },
    status: webhookStatus(webhook),
    disabled_reason: webhook.disabled?.reason ?? null,
    disabled_at: rfc3339OrNull(webhook.disabled?.atMs ?? null),
    created: rfc3339(webhook.createdMs),
    updated: rfc3339(webhook.updatedMs),
  }
}

function filtersView(filters: Filters | null) {
  if (filters === null) return null
  return {
    ...(filters.severity && { severity: [...filters.severity] }),
    ...(filters.environments && { environments: [...filters.environments] }),
    ...(filters.cloudProviders && { cloud_providers: [...filters.cloudProviders] }),
  }
}

function maskedHeaders(headers: Webhook["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, maskedHeader(name, value)]))
}

/** Headers of a message as an object; a repeated one's values are joined (RFC 9110 §5.3). */
export function headersView(headers: HeaderList): Record<string, string> {
  const joined = new Map<string, string>()
  for (const [name, value] of headers) {
    const before = joined.get(name)
    joined.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(joined)
}

export function probeView({ attempt: recorded, verdict, body }: Probed) {
  const attempt = attemptIn(recorded)
  return {
    delivered: verdict.delivered,
    status_code: attempt.statusCode,
    duration_ms: attempt.durationMs,
    error: attempt.error,
    request: { headers: headersView(attempt.requestHeaders), body },
    response:
      attempt.statusCode === null
        ? null
        : { headers: headersView(attempt.responseHeaders), body: attempt.responseBody },
  }
}
