import { InvalidArgumentError } from "commander"

/** Collects an option that may be repeated, each time with a list separated by commas. */
export function collectList(text: string, previous: readonly string[] | undefined): readonly string[] {
  const values = text
    .split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "")
  if (values.length === 0) throw new InvalidArgumentError("Give at least one.")
  return [...(previous ?? []), ...values]
}

/** Collects an option that may be repeated. */
export function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text]
}

/** @returns a reader of whole numbers within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d{1,12}$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
    }
    return value
  }
}

/** @returns a reader of numbers within bounds. */
export function numberWithin(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d{1,12}(\.\d{1,6})?$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
    }
    return value
  }
}

/** Reads `Name: value`. */
export function collectHeader(
  text: string,
  previous: readonly (readonly [string, string])[] | undefined,
): readonly (readonly [string, string])[] {
  const colon = text.indexOf(":")
  const name = text.slice(0, Math.max(colon, 0)).trim()
  if (name === "" || /\s/.test(name)) throw new InvalidArgumentError('Give it as "Name: value".')
  return [...(previous ?? []), [name, text.slice(colon + 1).trim()]]
}
