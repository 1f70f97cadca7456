import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import { covers } from "../../domain/matching.ts"
import { type Filters, isSending, type RetryConfig, type Webhook } from "../../domain/webhook.ts"
import type { Profile } from "../../profiles/profile.ts"
import { secretRefusal } from "../../profiles/secret-rule.ts"
import type { Flaw } from "../problems.ts"
import type { Static } from "../schema-vocabulary.ts"
import { authorizationFlaws, authorizationOf } from "./authorization-rules.ts"
import { headerFlaws, unmaskedHeaders } from "./header-rules.ts"
import { tlsFlaws, tlsOf } from "./tls-rules.ts"
import type { WebhookCreation, WebhookUpdate } from "./webhook-schemas.ts"

export type Creation = Static<typeof WebhookCreation>
export type Update = Static<typeof WebhookUpdate>

/** What a webhook's settings are judged against. */
export type Surroundings = {
  readonly profile: Profile
  readonly eventTypes: ReadonlyMap<string, unknown>
  readonly refusal: (url: string) => Promise<string | null>
}

/**
 * What a schema cannot check.
 *
 * @param before null for a new webhook.
 * @param alreadyFlawed members whose form is wrong, so that their meaning is not looked at.
 */
export async function webhookFlaws(
  body: Update,
  before: Webhook | null,
  around: Surroundings,
  alreadyFlawed: ReadonlySet<string>,
): Promise<Flaw[]> {
  const given = <Name extends keyof Update>(name: Name): Update[Name] | undefined =>
    alreadyFlawed.has(name) ? undefined : body[name]
  const flaws: Flaw[] = []
  const url = given("url")
  // An unchanged URL is not asked about anew: its name may not resolve for the moment.
  const refused = url === undefined || url === before?.url ? null : await around.refusal(url)
  if (refused !== null) flaws.push({ pointer: "/url", detail: refused })
  flaws.push(...subscriptionFlaws(given("events") ?? [], around.eventTypes))
  flaws.push(...secretFlaws(given("secret"), before, around.profile, alreadyFlawed.has("secret")))
  const timeoutMax = around.profile.timeoutSeconds.max
  if ((given("timeout_seconds") ?? 0) > timeoutMax) {
    flaws.push({
      pointer: "/timeout_seconds",
      detail: `must be <= ${timeoutMax}, the maximum of this workspace's profile`,
    })
  }
  flaws.push(...headerFlaws(given("headers") ?? {}, before?.headers ?? {}, around.profile))
  flaws.push(...authorizedTwice(body, before, alreadyFlawed))
  const authorization = given("authorization") ?? null
  if (authorization !== null) {
    flaws.push(...(await authorizationFlaws(authorization, before?.authorization ?? null, around.refusal)))
  }
  const tls = given("tls") ?? null
  if (tls !== null) flaws.push(...tlsFlaws(tls, before?.tls ?? null))
  return flaws
}

/** A request has one `Authorization` header (RFC 9110 §11.6.2), whichever of the two settings it comes from. */
function authorizedTwice(body: Update, before: Webhook | null, flawed: ReadonlySet<string>): Flaw[] {
  if (flawed.has("headers") || flawed.has("authorization")) return []
  const headers = body.headers === undefined ? (before?.headers ?? {}) : (body.headers ?? {})
  const authorization = body.authorization === undefined ? (before?.authorization ?? null) : body.authorization
  const inHeaders = Object.keys(headers).some((name) => name.toLowerCase() === "authorization")
  if (!inHeaders || authorization === null) return []
  return [{ pointer: "/authorization", detail: "is also given in headers; keep one of the two" }]
}

function subscriptionFlaws(events: readonly string[], known: ReadonlyMap<string, unknown>): Flaw[] {
  const names = [...known.keys()]
  return events.flatMap((subscription, at) => {
    if (subscription === "*" || names.some((name) => covers(subscription, name))) return []
    const detail = subscription.endsWith(".*")
      ? `no event type of this workspace begins with ${subscription.slice(0, -1)}`
      : `${subscription} is not in this workspace's catalogue; GET /v1/event-types lists it`
    return [{ pointer: `/events/${at}`, detail }]
  })
}

function secretFlaws(secret: string | undefined, before: Webhook | null, profile: Profile, flawed: boolean): Flaw[] {
  if (secret === undefined) {
    if (flawed || before !== null || profile.secret === "generated") return []
    return [{ pointer: "/secret", detail: "is required by this workspace's profile" }]
  }
  const detail = secretRefusal(secret)
  return detail === null ? [] : [{ pointer: "/secret", detail }]
}

/** @param secret the customer's, or one just generated. */
export function newWebhook(
  body: Creation,
  about: { id: WebhookId; workspaceId: WorkspaceId; secret: string; nowMs: number },
): Webhook {
  return {
    id: about.id,
    workspaceId: about.workspaceId,
    url: body.url,
    events: body.events,
    secrets: { current: about.secret, previous: null },
    active: body.active ?? true,
    disabled: null,
    verification: { enabled: body.verification?.enabled ?? false, verifiedAtMs: null },
    description: body.description ?? null,
    filters: filters(body.filters ?? null),
    retryConfig: retryConfig(body.retry_config ?? null),
    timeoutSeconds: body.timeout_seconds ?? null,
    headers: { ...body.headers },
    authorization: authorizationOf(body.authorization ?? null, null),
    tls: tlsOf(body.tls ?? null, null),
    ordering: body.ordering ?? null,
    rateLimit: rateLimit(body.rate_limit ?? null),
    createdMs: about.nowMs,
    updatedMs: about.nowMs,
    resumedAtMs: about.nowMs,
    deletedMs: null,
    version: 1,
  }
}

/** The webhook with the members that `body` has; the others stay. */
export function updatedWebhook(before: Webhook, body: Update, nowMs: number): Webhook {
  const merged: Webhook = {
    ...before,
    ...(body.url !== undefined && { url: body.url }),
    ...(body.events !== undefined && { events: body.events }),
    // The present one again replaces nothing: whoever sends the whole configuration anew must not end an overlap by that.
    ...(body.secret !== undefined &&
      body.secret !== before.secrets.current && { secrets: { current: body.secret, previous: null } }),
    ...(body.active !== undefined && { active: body.active }),
    // To say "active" of a webhook that the engine disabled is to ask for it again.
    ...(body.active === true && { disabled: null }),
    ...(body.description !== undefined && { description: body.description }),
    ...(body.filters !== undefined && { filters: filters(body.filters) }),
    ...(body.retry_config !== undefined && { retryConfig: retryConfig(body.retry_config) }),
    ...(body.timeout_seconds !== undefined && { timeoutSeconds: body.timeout_seconds }),
    ...(body.headers !== undefined && { headers: unmaskedHeaders(body.headers ?? {}, before.headers) }),
    ...(body.authorization !== undefined && {
      authorization: authorizationOf(body.authorization, before.authorization),
    }),
    ...(body.tls !== undefined && { tls: tlsOf(body.tls, before.tls) }),
    ...(body.ordering !== undefined && { ordering: body.ordering }),
    ...(body.rate_limit !== undefined && { rateLimit: rateLimit(body.rate_limit) }),
    verification: {
      enabled: body.verification === undefined ? before.verification.enabled : (body.verification?.enabled ?? false),
      // What was verified is the endpoint, not the record: another URL has to prove itself again.
      verifiedAtMs: body.url === undefined || body.url === before.url ? before.verification.verifiedAtMs : null,
    },
  }
  return revised(before, merged, nowMs)
}

/** Completes a changed webhook: its version, its times, and when it began to send again. */
export function revised(before: Webhook, after: Webhook, nowMs: number): Webhook {
  return {
    ...after,
    updatedMs: nowMs,
    resumedAtMs: !isSending(before) && isSending(after) ? nowMs : before.resumedAtMs,
    version: before.version + 1,
  }
}

function filters(given: Creation["filters"] | null): Filters | null {
  if (given === null || given === undefined) return null
  return {
    ...(given.severity && { severity: given.severity }),
    ...(given.environments && { environments: given.environments }),
    ...(given.cloud_providers && { cloudProviders: given.cloud_providers }),
  }
}

function retryConfig(given: Creation["retry_config"] | null): RetryConfig | null {
  if (given === null || given === undefined) return null
  return {
    ...(given.max_attempts !== undefined && { maxAttempts: given.max_attempts }),
    ...(given.backoff_multiplier !== undefined && { backoffMultiplier: given.backoff_multiplier }),
    ...(given.initial_delay_seconds !== undefined && { initialDelaySeconds: given.initial_delay_seconds }),
  }
}

function rateLimit(given: Creation["rate_limit"] | null): Webhook["rateLimit"] {
  return given === null || given === undefined ? null : { requests: given.requests, perSeconds: given.per_seconds }
}
