/** Shown in place of a credential. Its length says nothing of the value's. */
export const headerMask = "********"

const credentialName = /auth|token|secret|passw|credential|cookie|session|signature|(^|[-_])key($|[-_])|api-?key/i
const credentialValue = /^(basic|bearer|digest|apikey|token)\s/i

/** Whether a customer's own header looks like it carries a credential, by its name or the form of its value. */
export function isCredentialHeader(name: string, value: string): boolean {
  return credentialName.test(name) || credentialValue.test(value)
}

/** A header's value as people may see it. */
export function maskedHeader(name: string, value: string): string {
  return isCredentialHeader(name, value) ? headerMask : value
}
