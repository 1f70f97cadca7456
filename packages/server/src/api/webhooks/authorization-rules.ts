import { headerMask } from "../../domain/credential-headers.ts"
import type { Webhook, WebhookAuthorization } from "../../domain/webhook.ts"
import type { Flaw } from "../problems.ts"
import type { Static } from "../schema-vocabulary.ts"
import type { Authorization } from "./webhook-schemas.ts"

type Given = Static<typeof Authorization>

/** Which members each type has beside `type`. */
const membersOf = {
  static: { required: ["value"], optional: [] },
  oauth2_client_credentials: {
    required: ["token_url", "client_id", "client_secret"],
    optional: ["scope", "audience", "client_authentication"],
  },
} as const satisfies Readonly<Record<Given["type"], { required: readonly string[]; optional: readonly string[] }>>

/**
 * Checks what a schema cannot.
 *
 * @param before the webhook's present one, in the clear.
 * @param refusal why a URL must not be sent to.
 */
export async function authorizationFlaws(
  given: Given,
  before: WebhookAuthorization | null,
  refusal: (url: string) => Promise<string | null>,
): Promise<Flaw[]> {
  const flaw = (name: string, detail: string): Flaw => ({ pointer: `/authorization/${name}`, detail })
  const { required, optional } = membersOf[given.type]
  const known: ReadonlySet<string> = new Set(["type", ...required, ...optional])
  const has: Readonly<Record<string, unknown>> = given
  const flaws = [
    ...required.filter((name) => has[name] === undefined).map((name) => flaw(name, `is required with ${given.type}`)),
    ...Object.keys(given)
      .filter((name) => !known.has(name))
      .map((name) => flaw(name, `does not belong to ${given.type}`)),
  ]
  const masked = given.type === "static" ? "value" : "client_secret"
  if (has[masked] === headerMask && presentSecret(given, before) === null) {
    const detail =
      given.type === "static"
        ? "is the mask under which the value is shown; give the real value"
        : "is the mask under which the secret is shown; give the real one, also whenever the token URL or client changes"
    flaws.push(flaw(masked, detail))
  }
  const unchanged = before?.kind === "client_credentials" && before.tokenUrl === given.token_url
  const refused = given.token_url === undefined || unchanged ? null : await refusal(given.token_url)
  if (refused !== null) flaws.push(flaw("token_url", refused))
  return flaws
}

/** @param given which has no flaws. */
export function authorizationOf(given: Given | null, before: WebhookAuthorization | null): WebhookAuthorization | null {
  if (given === null) return null
  if (given.type === "static") {
    const { value = "" } = given
    return { kind: "static", value: value === headerMask ? (presentSecret(given, before) ?? value) : value }
  }
  const secret = given.client_secret ?? ""
  return {
    kind: "client_credentials",
    tokenUrl: given.token_url ?? "",
    clientId: given.client_id ?? "",
    clientSecret: secret === headerMask ? (presentSecret(given, before) ?? secret) : secret,
    scope: given.scope ?? null,
    audience: given.audience ?? null,
    clientAuthentication: given.client_authentication ?? "basic",
  }
}

/**
 * What the mask stands for when it is sent back. A client's secret stands for itself only towards the same token URL:
 * else whoever may change a webhook, but not read its secrets, could have it sent to a server of their own.
 */
function presentSecret(given: Given, before: WebhookAuthorization | null): string | null {
  if (given.type === "static") return before?.kind === "static" ? before.value : null
  const same =
    before?.kind === "client_credentials" && before.tokenUrl === given.token_url && before.clientId === given.client_id
  return same ? before.clientSecret : null
}

export function authorizationView(authorization: Webhook["authorization"]): Given | null {
  if (authorization === null) return null
  if (authorization.kind === "static") return { type: "static", value: headerMask }
  return {
    type: "oauth2_client_credentials",
    token_url: authorization.tokenUrl,
    client_id: authorization.clientId,
    client_secret: headerMask,
    ...(authorization.scope !== null && { scope: authorization.scope }),
    ...(authorization.audience !== null && { audience: authorization.audience }),
    client_authentication: authorization.clientAuthentication,
  }
}
