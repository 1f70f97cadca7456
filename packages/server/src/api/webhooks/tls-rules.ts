import { headerMask } from "../../domain/credential-headers.ts"
import { certificateFlaws, readTls, type TlsFlaw } from "../../domain/tls-reading.ts"
import type { Webhook, WebhookTls } from "../../domain/webhook.ts"
import type { Flaw } from "../problems.ts"
import type { Static } from "../schema-vocabulary.ts"
import type { Tls } from "./webhook-schemas.ts"

type Given = Static<typeof Tls>

/** Checks what a schema cannot. @param before the webhook's present ones, in the clear. */
export function tlsFlaws(given: Given, before: WebhookTls | null): Flaw[] {
  const missing = missingIn(given, before)
  const found = missing === null ? flawsIn(tlsOf(given, before)) : flawsApart(given)
  const flaws = found.map(({ of, detail }) => ({ pointer: `/tls/${of}`, detail }))
  return missing === null ? flaws : [missing, ...flaws]
}

function flawsIn(tls: WebhookTls | null): readonly TlsFlaw[] {
  const reading = tls && readTls(tls)
  return reading === null || reading.ok ? [] : reading.flaws
}

/** Who forgot the one thing shall not have to come a second time for another. */
function flawsApart({ client_certificate: certificate, authority }: Given): readonly TlsFlaw[] {
  return [
    ...(certificate === undefined ? [] : certificateFlaws("client_certificate", certificate)),
    ...(authority === undefined ? [] : certificateFlaws("authority", authority)),
  ]
}

/** A certificate and its key are nothing without each other. */
function missingIn(given: Given, before: WebhookTls | null): Flaw | null {
  const { client_certificate: certificate, client_key: key } = given
  if (key === undefined) {
    return certificate === undefined
      ? null
      : { pointer: "/tls/client_key", detail: "is required with client_certificate" }
  }
  if (certificate === undefined) {
    return { pointer: "/tls/client_certificate", detail: "is required with client_key" }
  }
  if (key !== headerMask || presentKey(given, before) !== null) return null
  const detail = "is the mask under which the key is shown; give it along with a new certificate"
  return { pointer: "/tls/client_key", detail }
}

/** @param given which has no flaws. */
export function tlsOf(given: Given | null, before: WebhookTls | null): WebhookTls | null {
  if (given === null) return null
  const { client_certificate: certificate, client_key: key, authority = null } = given
  if (certificate === undefined || key === undefined) return authority === null ? null : { client: null, authority }
  const clear = key === headerMask ? (presentKey(given, before) ?? key) : key
  return { client: { certificate, key: clear }, authority }
}

/** A mask sent back with the same certificate stands for the present key. */
function presentKey(given: Given, before: WebhookTls | null): string | null {
  const client = before?.client ?? null
  return client !== null && client.certificate === given.client_certificate ? client.key : null
}

export function tlsView(tls: Webhook["tls"]): Given | null {
  if (tls === null) return null
  return {
    ...(tls.client !== null && { client_certificate: tls.client.certificate, client_key: headerMask }),
    ...(tls.authority !== null && { authority: tls.authority }),
  }
}
