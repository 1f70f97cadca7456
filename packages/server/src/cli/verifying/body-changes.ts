import { memberTexts } from "../../domain/json-source.ts"
import { compact, laidOut, layouts } from "./json-layout.ts"

/** What may have happened to a body after it was signed. */
export const bodyChanges = {
  bom_added: "a UTF-8 byte order mark was put in front of it",
  newline_added: "a line's end was added to it",
  crlf: "its line ends were turned into CR LF",
  lf: "its line ends (CR LF) were turned into LF",
  json_in_string: "it was written once more as a JSON string",
  wrong_charset: "its UTF-8 was read as Latin-1 and written as UTF-8 again",
  escaped: "characters in its strings were written as \\u escapes",
  unescaped: "\\u escapes in its strings were written as characters",
  escaped_slashes: "its slashes were escaped, as PHP's json_encode does",
  whitespace_added: "it was parsed and written again with white space",
  whitespace_removed: "it was parsed and written again without its white space",
  whitespace_changed: "it was parsed and written again with other white space",
} as const satisfies Readonly<Record<string, string>>

export type BodyChange = keyof typeof bodyChanges

type Undone = { readonly text: string; readonly change: BodyChange | null }

/** More at once does not happen by one mistake, and guesses would outnumber bytes. */
const changesMax = 3

/**
 * Looks for the body that was signed, by undoing what is known to happen to bodies.
 *
 * @param body as it was captured.
 * @param isSigned whether a text is the one that was signed.
 * @returns the fewest changes that explain it; null when none does.
 */
export function findChanges(
  body: Buffer,
  isSigned: (text: string) => boolean,
): { readonly changes: readonly BodyChange[]; readonly signed: string } | null {
  const text = body.toString("utf8")
  // Bytes that are no UTF-8 were never this engine's, and no text can stand for them.
  if (!Buffer.from(text, "utf8").equals(body)) return null
  const candidates = undone(text).sort((one, other) => cost(one.changes) - cost(other.changes))
  return candidates.find(({ signed }) => isSigned(signed)) ?? null
}

/** Laying out anew explains much that is explained better by a single line's end: so it comes after. */
function cost(changes: readonly BodyChange[]): number {
  return changes.reduce((sum, change) => sum + (change.startsWith("whitespace") ? 1.5 : 1), 0)
}

function undone(text: string): { changes: readonly BodyChange[]; signed: string }[] {
  let found: { changes: readonly BodyChange[]; signed: string }[] = [{ changes: [], signed: text }]
  // In the reverse of the order in which things happen on the way: transport last.
  for (const undoing of [wrappings, edges, escapes, whiteSpace]) {
    found = found.flatMap(({ changes, signed }) => [
      { changes, signed },
      ...(changes.length >= changesMax ? [] : undoing(signed))
        .filter((each) => each.text !== signed)
        .map((each) => ({ changes: each.change === null ? changes : [...changes, each.change], signed: each.text })),
    ])
  }
  return found
}

function wrappings(text: string): readonly Undone[] {
  const found: Undone[] = []
  if (text.startsWith("\ufeff")) found.push({ text: text.slice(1), change: "bom_added" })
  if (/^\s*"/.test(text)) {
    const inner = parsed(text)
    if (typeof inner === "string") found.push({ text: inner, change: "json_in_string" })
  }
  // Only what Latin-1 can hold can have come from it.
  if (/[\u0080-\u00ff]/.test(text) && !/[\u0100-\uffff]/.test(text)) {
    const bytes = Buffer.from(text, "latin1")
    const reread = bytes.toString("utf8")
    if (Buffer.from(reread, "utf8").equals(bytes)) found.push({ text: reread, change: "wrong_charset" })
  }
  return found
}

function edges(text: string): readonly Undone[] {
  const trimmed = text.replace(/\s+$/, "")
  const found: Undone[] = [{ text: trimmed, change: "newline_added" }]
  if (text.includes("\r\n")) {
    const plain = text.replaceAll("\r\n", "\n")
    found.push({ text: plain, change: "crlf" })
    // One program that rewrites line ends also ends the last line.
    const ended = plain.replace(/\s+$/, "")
    if (ended !== trimmed && ended !== plain) found.push({ text: ended, change: "crlf" })
  } else if (text.includes("\n")) {
    found.push({ text: text.replaceAll("\n", "\r\n"), change: "lf" })
  }
  return found
}

const stringToken = /"(?:[^"\\]|\\.)*"/gs

function inStrings(text: string, rewrite: (token: string) => string): string {
  return text.replace(stringToken, rewrite)
}

function escapes(text: string): readonly Undone[] {
  const unescaped = (token: string) =>
    token.replace(/\\(?:u([0-9a-f]{4})|(.))/gis, (whole, hex: string | undefined) => {
      if (hex === undefined) return whole
      const character = String.fromCharCode(Number.parseInt(hex, 16))
      // These have to stay escaped (RFC 8259 §7).
      return character < " " || character === '"' || character === "\\" ? whole : character
    })
  const slashes = (token: string) => token.replace(/\\(.)/gs, (whole, after: string) => (after === "/" ? "/" : whole))
  const escaped = (token: string) =>
    // By code units: characters beyond the first plane are two escapes.
    token.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  return [
    { text: inStrings(text, slashes), change: "escaped_slashes" },
    { text: inStrings(text, unescaped), change: "escaped" },
    { text: inStrings(inStrings(text, slashes), unescaped), change: "escaped" },
    { text: inStrings(text, escaped), change: "unescaped" },
  ]
}

function whiteSpace(text: string): readonly Undone[] {
  const value = parsed(text)
  if (typeof value !== "object" || value === null || Array.isArray(value)) return []
  const tight = laidOut(text, compact)
  const found: Undone[] = [{ text: tight, change: "whitespace_added" }]
  // An envelope's own members stand close together, while `data` is as the publisher wrote it.
  const data = memberTexts(tight).get("data")
  const at = data === undefined ? -1 : tight.indexOf(`"data":${data}`)
  for (const layout of layouts) {
    found.push({ text: laidOut(tight, layout), change: text === tight ? "whitespace_removed" : "whitespace_changed" })
    if (data === undefined || at === -1) continue
    const start = at + '"data":'.length
    for (const depth of [0, 1]) {
      const published = laidOut(data, layout, depth)
      found.push({
        text: tight.slice(0, start) + published + tight.slice(start + data.length),
        change: text === tight ? "whitespace_removed" : "whitespace_changed",
      })
    }
  }
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
