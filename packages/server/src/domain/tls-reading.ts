import { type KeyObject, X509Certificate } from "node:crypto"
import { isTakenKey, isWhole, keyKinds, privateKeyIn } from "./tls-keys.ts"
import type { WebhookTls } from "./webhook.ts"

/** A webhook's certificates and key as they were judged: what is used is made of these, not of the text again. */
export type ReadTls = {
  readonly client: { readonly chain: readonly X509Certificate[]; readonly key: KeyObject } | null
  readonly authorities: readonly X509Certificate[] | null
}

export type TlsFlaw = {
  readonly of: "client_certificate" | "client_key" | "authority"
  /** To follow the name: "must be …". */
  readonly detail: string
}

export type TlsReading =
  | { readonly ok: true; readonly tls: ReadTls }
  | { readonly ok: false; readonly flaws: readonly [TlsFlaw, ...TlsFlaw[]] }

const certificatesMax = 10

/**
 * Reads and judges them: when a webhook is registered, and again before they are used, since what is stored may be older
 * than these rules. A handshake signs with the key on the thread that posts for everybody: whatever key is let through
 * here must be cheap. Takes milliseconds, whatever it is given; most for the trial signature.
 */
export function readTls({ client, authority }: WebhookTls): TlsReading {
  const flaws: TlsFlaw[] = []
  const chain = client === null ? [] : readCertificates("client_certificate", client.certificate, flaws)
  const authorities = authority === null ? null : readCertificates("authority", authority, flaws)
  const key = client === null ? null : readKey(client.key, chain[0], flaws)
  const [flaw, ...others] = flaws
  if (flaw !== undefined) return { ok: false, flaws: [flaw, ...others] }
  return { ok: true, tls: { client: key && { chain, key }, authorities } }
}

/** What is wrong with certificates by themselves, whose key is not known. */
export function certificateFlaws(of: TlsFlaw["of"], pem: string): readonly TlsFlaw[] {
  const flaws: TlsFlaw[] = []
  readCertificates(of, pem, flaws)
  return flaws
}

function readCertificates(of: TlsFlaw["of"], pem: string, flaws: TlsFlaw[]): X509Certificate[] {
  const certificates = certificatesIn(pem)
  if (certificates === null) {
    flaws.push({ of, detail: `must be 1 to ${certificatesMax} certificates in PEM and nothing else` })
    return []
  }
  const other = certificates.findIndex((certificate) => !hasTakenKey(certificate))
  if (other !== -1)
    flaws.push({ of, detail: `must have keys of these kinds: ${keyKinds}; number ${other + 1} has another` })
  return certificates
}

function readKey(pem: string, certificate: X509Certificate | undefined, flaws: TlsFlaw[]): KeyObject | null {
  const flaw = (detail: string) => flaws.push({ of: "client_key", detail })
  const key = privateKeyIn(pem)
  if (key === null || !isTakenKey(key)) flaw(`must be one private key in PEM, without a passphrase: ${keyKinds}`)
  else if (certificate !== undefined && !certificate.checkPrivateKey(key))
    flaw("does not belong to the first certificate of client_certificate")
  else if (certificate !== undefined && !isWhole(key, certificate))
    flaw("is damaged: its numbers do not belong together")
  return key
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

function hasTakenKey(certificate: X509Certificate): boolean {
  try {
    return isTakenKey(certificate.publicKey)
  } catch {
    // A key of a kind that this OpenSSL does not know.
    return false
  }
}
