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
  let own = ownCredentials.get(webhook)
  if (own === undefined) {
    own = longestFirst([
      webhook.secrets.current,
      webhook.secrets.previous?.secret ?? "",
      ...Object.entries(webhook.headers)
        .filter(([name, value]) => isCredentialHeader(name, value))
        .flatMap(([, value]) => [value, withoutScheme(value)]),
    ])
    ownCredentials.set(webhook, own)
  }
  return authorization === null ? own : longestFirst([...own, authorization, withoutScheme(authorization)])
}

/** Asked for with each answer; a webhook never changes, it is replaced. */
const ownCredentials = new WeakMap<PostTarget, readonly string[]>()

/** One may contain another. */
function longestFirst(values: readonly string[]): readonly string[] {
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
