import Type from "typebox"
import type { Ordering } from "../../domain/webhook.ts"
import {
  Closed,
  Line,
  Nullable,
  OneOf,
  printableAsciiPattern,
  prosePattern,
  subscriptionPattern,
  Time,
  visiblePattern,
} from "../schema-vocabulary.ts"

const orderings = ["strict", "by_key", "none"] as const satisfies readonly Ordering[]

const FilterValues = Type.Array(Line(100), { maxItems: 50 })

const Filters = Closed(
  {
    severity: Type.Optional(FilterValues),
    environments: Type.Optional(FilterValues),
    cloud_providers: Type.Optional(FilterValues),
  },
  { description: "Criteria are ANDed, values ORed; types without the attribute pass" },
)

/** Ranges of wire.md, "Retries and ordering". */
const retryConfig = {
  max_attempts: Type.Integer({ minimum: 1, maximum: 20 }),
  backoff_multiplier: Type.Number({ minimum: 1, maximum: 10 }),
  initial_delay_seconds: Type.Number({ minimum: 1, maximum: 3600 }),
}

const RateLimit = Closed(
  {
    requests: Type.Integer({ minimum: 1, maximum: 100_000 }),
    per_seconds: Type.Integer({ minimum: 1, maximum: 86_400 }),
  },
  { description: "In no stretch of `per_seconds` are more attempts begun than `requests`" },
)

export const headersMax = 20
// Names and values are looked at in `header-rules.ts`: a pointer to the one at fault needs more than a schema.
const Headers = Type.Record(Type.String(), Type.String({ maxLength: 4096 }), { maxProperties: headersMax })

const Pem = Type.String({ minLength: 1, maxLength: 32_768, description: "PEM" })
/** No spaces or control characters: what is sent in one piece of a header or form. */
const Visible = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: visiblePattern })
const Printable = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: printableAsciiPattern })

// One object rather than a union: its problems name the member at fault. What belongs together is looked at in
// `authorization-rules.ts`.
export const Authorization = Closed(
  {
    type: OneOf(["static", "oauth2_client_credentials"]),
    value: Type.Optional(Printable(4096)),
    token_url: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
    client_id: Type.Optional(Printable(500)),
    client_secret: Type.Optional(Printable(4096)),
    scope: Type.Optional(Printable(1000)),
    audience: Type.Optional(Visible(1000)),
    client_authentication: Type.Optional(
      OneOf(["basic", "body"], { description: "How the token is asked for; basic" }),
    ),
  },
  {
    description:
      "The `Authorization` header: `static` with a `value`, or a bearer token fetched from `token_url` by OAuth 2 client credentials and kept until it expires. Stored sealed; shown masked.",
  },
)

export const Tls = Closed(
  {
    client_certificate: Type.Optional(Pem),
    client_key: Type.Optional(Pem),
    authority: Type.Optional(Pem),
  },
  {
    description:
      "A client certificate with its key, for endpoints that ask for one, and the authorities that alone may have signed the endpoint's. All keys, the certificates' too: RSA of 2048 to 4096 bits with exponent 65537, EC on P-256, P-384 or P-521, Ed25519 or Ed448. Stored sealed; the key is shown masked.",
  },
)

const Url = Type.String({ minLength: 1, maxLength: 2048, description: "https; no credentials, no fragment" })
const Subscriptions = Type.Array(Type.String({ maxLength: 100, pattern: subscriptionPattern }), {
  minItems: 1,
  maxItems: 200,
  uniqueItems: true,
  description:
    "Event types, families such as `policy.*`, or `*`. What Tocsin tells of its own work (`webhook.disabled` and its like) must be named",
})
export const Secret = Type.String({
  description: "8 to 256 printable characters; what follows `whsec_` must be base64 of 24 to 64 bytes",
})

/** Left out: as it is, or the default. Null: back to the default. */
const optionalSettings = {
  active: Type.Optional(Type.Boolean()),
  description: Type.Optional(Nullable(Type.String({ maxLength: 500, pattern: prosePattern }))),
  filters: Type.Optional(Nullable(Filters)),
  retry_config: Type.Optional(
    Nullable(
      Closed({
        max_attempts: Type.Optional(retryConfig.max_attempts),
        backoff_multiplier: Type.Optional(retryConfig.backoff_multiplier),
        initial_delay_seconds: Type.Optional(retryConfig.initial_delay_seconds),
      }),
    ),
  ),
  timeout_seconds: Type.Optional(Nullable(Type.Number({ minimum: 1, description: "Up to the profile's maximum" }))),
  headers: Type.Optional(Nullable(Headers)),
  authorization: Type.Optional(Nullable(Authorization)),
  tls: Type.Optional(Nullable(Tls)),
  ordering: Type.Optional(Nullable(OneOf(orderings))),
  rate_limit: Type.Optional(Nullable(RateLimit)),
  verification: Type.Optional(Nullable(Closed({ enabled: Type.Boolean() }))),
  secret: Type.Optional(Secret),
}

export const WebhookCreation = Closed({ url: Url, events: Subscriptions, ...optionalSettings })

export const WebhookUpdate = Closed({
  url: Type.Optional(Url),
  events: Type.Optional(Subscriptions),
  ...optionalSettings,
})

/** What a webhook looks like from outside: effective values, never the secret. */
const shown = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  active: Type.Boolean(),
  description: Nullable(Type.String()),
  filters: Nullable(Filters),
  retry_config: Closed(retryConfig),
  timeout_seconds: Type.Number(),
  headers: Type.Record(Type.String(), Type.String(), { description: "Credential-like values are masked" }),
  authorization: Nullable(Authorization),
  tls: Nullable(Tls),
  ordering: OneOf(orderings),
  rate_limit: Nullable(RateLimit),
  verification: Closed({ enabled: Type.Boolean(), verified_at: Nullable(Time) }),
  status: OneOf(["active", "inactive", "unverified", "disabled", "deleted"]),
  disabled_reason: Nullable(OneOf(["gone", "failing"])),
  disabled_at: Nullable(Time),
  created: Time,
  updated: Time,
  consecutive_failures: Type.Integer(),
  last_success_at: Nullable(Time),
  backlog: Type.Integer({ description: "Deliveries not yet ended" }),
}

export const WebhookShown = Type.Object(shown)
export const WebhookCreated = Type.Object({
  ...shown,
  secret: Type.Optional(Type.String({ description: "Only when it was generated, and only this once" })),
})

const HeaderValues = Type.Record(Type.String(), Type.String())

export const ProbeShown = Type.Object({
  delivered: Type.Boolean(),
  status_code: Nullable(Type.Integer()),
  duration_ms: Type.Number(),
  error: Nullable(Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() })),
  request: Type.Object({ headers: HeaderValues, body: Type.String() }),
  response: Nullable(Type.Object({ headers: HeaderValues, body: Type.String() })),
})
