const charactersMin = 8
const charactersMax = 256
const keyBytesMin = 24
const keyBytesMax = 64

/**
 * Checks a secret that a customer chose (api.md, "Webhooks").
 *
 * @returns why it is refused and what to give instead, or null. Never repeats the secret, for it ends in answers and logs.
 */
export function secretRefusal(secret: string): string | null {
  // \p{C}: control, format (zero-width and direction marks), private-use and unassigned characters, lone surrogates;
  // \p{Zl} and \p{Zp}: line and paragraph separators. None survives being typed or pasted with certainty.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(secret)) {
    return "The secret holds a character that cannot be printed. Use letters, digits, signs and spaces."
  }
  const characters = [...secret].length
  if (characters < charactersMin || characters > charactersMax) {
    return `The secret has ${characters} characters. Give it ${charactersMin} to ${charactersMax}.`
  }
  return secret.startsWith("whsec_") ? keyRefusal(secret.slice("whsec_".length)) : null
}

/** A `whsec_` secret promises a Standard Webhooks key, so its rest must decode to the same bytes in every library. */
function keyRefusal(base64: string): string | null {
  const key = Buffer.from(base64, "base64")
  // Buffer reads past whatever is not base64: only text that encodes back to itself was standard, padded base64.
  if (key.toString("base64") !== base64) {
    return "What follows whsec_ is not base64 (standard alphabet, padded). Correct it, or choose a secret without whsec_."
  }
  if (key.length < keyBytesMin || key.length > keyBytesMax) {
    return `What follows whsec_ decodes to ${key.length} bytes. Give it ${keyBytesMin} to ${keyBytesMax}.`
  }
  return null
}
