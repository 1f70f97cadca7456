import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { headerMask } from "../../domain/credential-headers.ts"
import type { Webhook, WebhookTls } from "../../domain/webhook.ts"
import type { Flaw } from "../problems.ts"
import type { Static } from "../schema-vocabulary.ts"
import type { Tls } from "./webhook-schemas.ts"

type Given = Static<typeof Tls>

const certificatesMax = 10

/** Checks what a schema cannot. @param before the webhook's present ones, in the clear. */
export function tlsFlaws(given: Given, before: WebhookTls | null): Flaw[] {
  const flaw = (name: keyof Given, detail: string): Flaw => ({ pointer: `/tls/${name}`, detail })
  const { client_certificate, client_key, authority } = given
  const flaws: Flaw[] = []
  if (client_certificate !== undefined && client_key === undefined) {
    flaws.push(flaw("client_key", "is required with client_certificate"))
  }
  if (client_key !== undefined && client_certificate === undefined) {
    flaws.push(flaw("client_certificate", "is required with client_key"))
  }
  const chain = client_certificate === undefined ? [] : certificatesIn(client_certificate)
  if (chain === null) flaws.push(flaw("client_certificate", notCertificates))
  if (authority !== undefined && certificatesIn(authority) === null) flaws.push(flaw("authority", notCertificates))
  if (client_key !== undefined) {
    const clear = client_key === headerMask ? presentKey(given, before) : client_key
    if (clear === null) {
      flaws.push(flaw("client_key", "is the mask under which the key is shown; give it along with a new certificate"))
    } else {
      const key = privateKeyIn(clear)
      if (key === null) flaws.push(flaw("client_key", "must be one private key in PEM, without a passphrase"))
      else if (chain?.[0] && !chain[0].checkPrivateKey(key)) {
        flaws.push(flaw("client_key", "does not belong to the first certificate of client_certificate"))
      }
    }
  }
  return flaws
}

const notCertificates = `must be 1 to ${certificatesMax} certificates in PEM and nothing else`

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

function certificatesIn(pem: string): X509Certificate[] | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  const rest = blocks.reduce((text, block) => text.replace(block, ""), pem)
  if (blocks.length === 0 || blocks.length > certificatesMax || rest.trim() !== "") return null
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return null
  }
}

function privateKeyIn(pem: string): KeyObject | null {
  if ((pem.match(/-----BEGIN /g) ?? []).length !== 1) return null
  try {
    return createPrivateKey(pem)
  } catch {
    return null
  }
}
