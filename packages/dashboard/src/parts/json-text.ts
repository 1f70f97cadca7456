/** A piece of JSON text and what it is, for colouring. */
export type Piece = {
  /** Its place among the pieces. */
  readonly at: number
  readonly text: string
  readonly kind: "plain" | "name" | "string" | "number" | "word" | "uncoloured"
}

const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|\s+|./gs

/**
 * Lays JSON text out on lines without reading its values: numbers keep every digit, names their order, strings their
 * escapes, as the receivers get them.
 */
export function laidOut(json: string): Piece[] {
  const tokens = (json.match(token) ?? []).filter((each) => each.trim() !== "")
  const pieces: Piece[] = []
  const add = (text: string, kind: Piece["kind"]) => pieces.push({ at: pieces.length, text, kind })
  let depth = 0
  tokens.forEach((text, at) => {
    const next = tokens[at + 1]
    if (text === "{" || text === "[") {
      depth += 1
      add(next === "}" || next === "]" ? text : text + line(depth), "plain")
    } else if (text === "}" || text === "]") {
      depth -= 1
      const before = tokens[at - 1]
      add(before === "{" || before === "[" ? text : line(depth) + text, "plain")
    } else if (text === ",") add(text + line(depth), "plain")
    else if (text === ":") add(": ", "plain")
    else add(text, kindOf(text, next))
  })
  return pieces
}

/** The same without colours: a piece a line, of which there are far fewer. */
export function linesOf(pieces: readonly Piece[]): Piece[] {
  const lines = pieces
    .map(({ text }) => text)
    .join("")
    .split("\n")
  return lines.map((text, at) => ({ at, text: at === lines.length - 1 ? text : `${text}\n`, kind: "uncoloured" }))
}

function line(depth: number): string {
  return `\n${"  ".repeat(Math.max(0, depth))}`
}

function kindOf(text: string, next: string | undefined): Piece["kind"] {
  if (text.startsWith('"')) return next === ":" ? "name" : "string"
  if (/^[-\d]/.test(text)) return "number"
  return /^(true|false|null)$/.test(text) ? "word" : "plain"
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
