/** How a program lays out JSON. `indent` empty: all in one line. */
export type Layout = { readonly name: string; readonly comma: string; readonly colon: string; readonly indent: string }

export const compact: Layout = { name: "compact", comma: ",", colon: ":", indent: "" }

/** What publishers' languages write, beside JavaScript's compact form. */
export const layouts: readonly Layout[] = [
  { name: "with spaces, as Python's json.dumps", comma: ", ", colon: ": ", indent: "" },
  { name: "indented by 2", comma: ",", colon: ": ", indent: "  " },
  { name: "indented by 4", comma: ",", colon: ": ", indent: "    " },
  { name: "indented by tabs", comma: ",", colon: ": ", indent: "\t" },
]

/**
 * Lays JSON out anew, without touching a value: numbers and the escapes inside strings stay as they are written, which
 * parsing and writing again would not promise.
 *
 * @param json has passed `JSON.parse`.
 * @param depth levels of indentation that lie around it.
 */
export function laidOut(json: string, layout: Layout, depth = 0): string {
  return written(rawTree(json), layout, depth)
}

type RawTree = { readonly text: string } | readonly RawTree[] | ReadonlyMap<string, RawTree>

/** White space and structure lie outside of strings, so a scan of tokens is enough. */
function rawTree(json: string): RawTree {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{}[\],:]/gs) ?? []
  let at = 0
  const value = (): RawTree => {
    const token = tokens[at++] ?? ""
    if (token === "[") {
      const elements: RawTree[] = []
      while (at < tokens.length && tokens[at] !== "]") {
        elements.push(value())
        if (tokens[at] === ",") at++
      }
      at++
      return elements
    }
    if (token !== "{") return { text: token }
    const members = new Map<string, RawTree>()
    while (at < tokens.length && tokens[at] !== "}") {
      const name = tokens[at] ?? ""
      at += 2
      members.set(name, value())
      if (tokens[at] === ",") at++
    }
    at++
    return members
  }
  return value()
}

function written(tree: RawTree, layout: Layout, depth: number): string {
  if ("text" in tree && typeof tree.text === "string") return tree.text
  const parts =
    tree instanceof Map
      ? [...tree].map(([name, held]) => `${name}${layout.colon}${written(held, layout, depth + 1)}`)
      : Array.isArray(tree)
        ? tree.map((held) => written(held, layout, depth + 1))
        : []
  const [open, close] = tree instanceof Map ? ["{", "}"] : ["[", "]"]
  if (parts.length === 0) return open + close
  if (layout.indent === "") return open + parts.join(layout.comma) + close
  const inner = `\n${layout.indent.repeat(depth + 1)}`
  return `${open}${inner}${parts.join(`${layout.comma}${inner}`)}\n${layout.indent.repeat(depth)}${close}`
}
