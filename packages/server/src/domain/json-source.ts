/**
 * Finds members of a JSON document as their source text, so that `data` reaches the receiver as the publisher wrote
 * it: `JSON.parse` would round 12345678901234567890, turn 1.0 into 1 and sort integer-like keys first.
 *
 * The text must already have passed `JSON.parse`: these scans check no syntax. A member given twice counts as its
 * last, as with `JSON.parse`.
 */

/**
 * The source text of an object's members, by name.
 *
 * @param start where the object's `{`, or white space before it, stands.
 * @param onRepeated called with the name of a member that was there before.
 */
export function memberTexts(json: string, start = 0, onRepeated?: (name: string) => void): Map<string, string> {
  const members = new Map<string, string>()
  readMembers(json, skipSpace(json, start), members, onRepeated)
  return members
}

/**
 * The same for each object of an array, in one pass.
 *
 * @param json begins with the array's `[`; all elements are objects.
 * @param onRepeated called with the element's index as well.
 */
export function memberTextsOfEach(
  json: string,
  onRepeated?: (name: string, index: number) => void,
): Map<string, string>[] {
  const elements: Map<string, string>[] = []
  let at = skipSpace(json, skipSpace(json, 0) + 1)
  while (json.charCodeAt(at) !== closeBracket) {
    const members = new Map<string, string>()
    const index = elements.length
    const end = readMembers(json, at, members, onRepeated && ((name) => onRepeated(name, index)))
    elements.push(members)
    at = nextAt(json, end)
  }
  return elements
}

/** The source texts of an array's elements. @param json begins with the array's `[`. */
export function elementTexts(json: string): string[] {
  const elements: string[] = []
  let at = skipSpace(json, skipSpace(json, 0) + 1)
  while (json.charCodeAt(at) !== closeBracket) {
    const end = valueEnd(json, at)
    elements.push(json.slice(at, end))
    at = nextAt(json, end)
  }
  return elements
}

/** @param end just past a value. @returns where the next one stands, or what closes them. */
function nextAt(json: string, end: number): number {
  const at = skipSpace(json, end)
  return json.charCodeAt(at) === comma ? skipSpace(json, at + 1) : at
}

/** @param start of the object's `{`. @returns just past its `}`. */
function readMembers(
  json: string,
  start: number,
  members: Map<string, string>,
  onRepeated: ((name: string) => void) | undefined,
): number {
  let at = skipSpace(json, start + 1)
  while (json.charCodeAt(at) !== closeBrace) {
    const nameEnd = stringEnd(json, at)
    const rawName = json.slice(at + 1, nameEnd - 1)
    const name = rawName.includes("\\") ? String(JSON.parse(`"${rawName}"`)) : rawName
    const valueStart = skipSpace(json, skipSpace(json, nameEnd) + 1)
    const end = valueEnd(json, valueStart)
    if (onRepeated && members.has(name)) onRepeated(name)
    members.set(name, json.slice(valueStart, end))
    at = nextAt(json, end)
  }
  return at + 1
}

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function skipSpace(json: string, from: number): number {
  let at = from
  // Space, tab, line feed and carriage return: the only white space of JSON (RFC 8259 §2).
  for (let code = json.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; ) {
    code = json.charCodeAt(++at)
  }
  return at
}

/** @param start of the opening quote. @returns just past the closing one. */
function stringEnd(json: string, start: number): number {
  return closingQuote(json, start + 1) + 1
}

/** @param from in a string. @returns where that ends; -1 when it never does, in what is no JSON. */
export function closingQuote(json: string, from: number): number {
  // `indexOf` runs over long strings far faster than a loop.
  let at = json.indexOf('"', from)
  while (isEscaped(json, at)) at = json.indexOf('"', at + 1)
  return at
}

/** Behind an odd number of backslashes. Those before the string's opening quote are none: JSON has them in strings only. */
function isEscaped(json: string, at: number): boolean {
  let before = at
  while (json.charCodeAt(before - 1) === backslash) before--
  return (at - before) % 2 === 1
}

function valueEnd(json: string, start: number): number {
  const first = json.charCodeAt(start)
  if (first === quote) return stringEnd(json, start)
  if (first !== openBrace && first !== openBracket) {
    let at = start
    for (let code = first; at < json.length && code !== comma && code !== closeBrace && code !== closeBracket; ) {
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) break
      code = json.charCodeAt(++at)
    }
    return at
  }
  let depth = 0
  let at = start
  do {
    const code = json.charCodeAt(at)
    if (code === quote) {
      at = stringEnd(json, at)
      continue
    }
    if (code === openBrace || code === openBracket) depth++
    else if (code === closeBrace || code === closeBracket) depth--
    at++
  } while (depth > 0)
  return at
}
