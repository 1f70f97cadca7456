import { headerMask, isCredentialHeader, maskedHeader } from "../domain/credential-headers.ts"
import type { HeaderList } from "../domain/delivery.ts"
import type { PostTarget } from "../ports/poster.ts"

/** Shorter texts are no secrets, and would be found in any answer. */
const credentialLengthMin = 6

/** The request's headers as the log may keep them: credentials are stored sealed only. */
export function withheldHeaders(sent: HeaderList, webhook: PostTarget): HeaderList {
  const own = new Set(Object.keys(webhook.headers).map((name) => name.toLowerCase()))
  const authorized = webhook.authorization !== null
  if (own.size === 0 && !authorized) return sent
  return sent.map(([name, value]) => {
    const lower = name.toLowerCase()
    if (authorized && lower === "authorization") return [name, headerMask] as const
    return [name, own.has(lower) ? maskedHeader(name, value) : value] as const
  })
}

/**
 * What a receiver must not write into the log by sending it back, as echoing endpoints do: the credentials of the
 * webhook and the token that was sent with the request.
 */
export function credentialsOf(webhook: PostTarget, authorization: string | null): readonly string[] {
  const values = [webhook.secrets.current, webhook.secrets.previous?.secret ?? ""]
  if (authorization !== null) values.push(authorization, withoutScheme(authorization))
  for (const [name, value] of Object.entries(webhook.headers)) {
    if (isCredentialHeader(name, value)) values.push(value, withoutScheme(value))
  }
  // The longest first: one may contain another.
  return values.filter((value) => value.length >= credentialLengthMin).sort((a, b) => b.length - a.length)
}

export function withheld(text: string, credentials: readonly string[]): string {
  let kept = text
  // Asked first: `replaceAll` costs far more even when it finds nothing, which is nearly always.
  for (const credential of credentials) if (kept.includes(credential)) kept = kept.replaceAll(credential, headerMask)
  return kept
}

function withoutScheme(value: string): string {
  return value.replace(/^[A-Za-z-]+ +/, "")
}
