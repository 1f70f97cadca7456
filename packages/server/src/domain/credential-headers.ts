/** Shown in place of a credential. Its length says nothing of the value's. */
export const headerMask = "********"

const credentialName =
  /auth|token|secret|passw|passphrase|credential|cookie|session|signature|api-?key|(^|[-_])(key|pass|pwd|pin|otp|jwt|bearer|assertion|access|pat|sid)($|[-_])/i
/** A scheme of RFC 9110 §11, a JSON Web Token (RFC 7519), or one of the beginnings by which services mark their keys. */
const credentialValue =
  /^(basic|bearer|digest|negotiate|hmac|apikey|token)\s|^eyJ[\w-]+\.|^(sk|rk|pk|ghp|gho|ghs|ghu|github_pat|glpat|xox[abeprs]|tk|ta|whsec)[-_]|^AKIA[A-Z0-9]{12}/i

/** Whether a customer's own header looks like it carries a credential, by its name or the form of its value. */
export function isCredentialHeader(name: string, value: string): boolean {
  return credentialName.test(name) || credentialValue.test(value)
}

/** A header's value as people may see it. */
export function maskedHeader(name: string, value: string): string {
  return isCredentialHeader(name, value) ? headerMask : value
}
