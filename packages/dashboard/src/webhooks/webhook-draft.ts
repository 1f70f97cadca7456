import type { Filters, Ordering, Session, Webhook, WebhookChange } from "@tocsin/client"
import { authorizationOf, type SecurityDraft, securityDraftOf, tlsOf } from "./security-draft.ts"

/** What the form holds: texts as they are typed. */
export type Draft = {
  readonly url: string
  readonly description: string
  readonly events: readonly string[]
  readonly secret: string
  readonly severity: string
  readonly environments: string
  readonly cloudProviders: string
  readonly maxAttempts: string
  readonly backoffMultiplier: string
  readonly initialDelaySeconds: string
  readonly ordering: Ordering
  readonly timeoutSeconds: string
  readonly rateRequests: string
  readonly ratePerSeconds: string
  readonly headers: readonly { readonly id: number; readonly name: string; readonly value: string }[]
  readonly security: SecurityDraft
  readonly verification: boolean
}

export function newDraft(profile: Session["profile"]): Draft {
  return {
    url: "",
    description: "",
    events: [],
    secret: "",
    severity: "",
    environments: "",
    cloudProviders: "",
    maxAttempts: "15",
    backoffMultiplier: "2",
    initialDelaySeconds: "5",
    ordering: profile.ordering,
    timeoutSeconds: String(profile.timeout_seconds.default),
    rateRequests: "",
    ratePerSeconds: "1",
    headers: [],
    security: securityDraftOf({ authorization: null, tls: null }),
    verification: true,
  }
}

export function draftOf(webhook: Webhook): Draft {
  return {
    url: webhook.url,
    description: webhook.description ?? "",
    events: webhook.events,
    secret: "",
    severity: webhook.filters?.severity?.join(", ") ?? "",
    environments: webhook.filters?.environments?.join(", ") ?? "",
    cloudProviders: webhook.filters?.cloud_providers?.join(", ") ?? "",
    maxAttempts: String(webhook.retry_config.max_attempts),
    backoffMultiplier: String(webhook.retry_config.backoff_multiplier),
    initialDelaySeconds: String(webhook.retry_config.initial_delay_seconds),
    ordering: webhook.ordering,
    timeoutSeconds: String(webhook.timeout_seconds),
    rateRequests: webhook.rate_limit === null ? "" : String(webhook.rate_limit.requests),
    ratePerSeconds: String(webhook.rate_limit?.per_seconds ?? 1),
    headers: Object.entries(webhook.headers).map(([name, value], id) => ({ id, name, value })),
    security: securityDraftOf(webhook),
    verification: webhook.verification.enabled,
  }
}

/** The draft as the API takes it. What is not a number is sent as it is, for the server to point at. */
export function settingsOf(draft: Draft): WebhookChange & { url: string; events: readonly string[] } {
  const secret = draft.secret.trim()
  const headers = draft.headers.filter(({ name, value }) => name.trim() !== "" || value !== "")
  return {
    url: draft.url.trim(),
    description: draft.description.trim() === "" ? null : draft.description.trim(),
    events: draft.events,
    ...(secret !== "" && { secret }),
    filters: filtersOf(draft),
    retry_config: {
      max_attempts: Number(draft.maxAttempts),
      backoff_multiplier: Number(draft.backoffMultiplier),
      initial_delay_seconds: Number(draft.initialDelaySeconds),
    },
    ordering: draft.ordering,
    timeout_seconds: Number(draft.timeoutSeconds),
    rate_limit:
      draft.rateRequests.trim() === ""
        ? null
        : { requests: Number(draft.rateRequests), per_seconds: Number(draft.ratePerSeconds) },
    headers: Object.fromEntries(headers.map(({ name, value }) => [name.trim(), value])),
    authorization: authorizationOf(draft.security),
    tls: tlsOf(draft.security),
    verification: { enabled: draft.verification },
  }
}

function filtersOf(draft: Draft): Filters | null {
  const severity = listed(draft.severity)
  const environments = listed(draft.environments)
  const providers = listed(draft.cloudProviders)
  const filters = {
    ...(severity.length > 0 && { severity }),
    ...(environments.length > 0 && { environments }),
    ...(providers.length > 0 && { cloud_providers: providers }),
  }
  return Object.keys(filters).length === 0 ? null : filters
}

function listed(text: string): string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
}
