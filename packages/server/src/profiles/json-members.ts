type JsonMember = {
  /** Decoded: an escaped name is the name it stands for. */
  readonly name: string
  /** The value's own text, untouched. */
  readonly valueText: string
  /** The whole member, `"name":value`, untouched. */
  readonly text: string
}

/**
 * Splits the text of a JSON object into its members without reading the values: a number keeps its digits, members
 * keep their order, whatever JSON.parse would make of them.
 *
 * @param objectText a JSON object that has been parsed successfully before; on other text the result is meaningless.
 */
export function jsonMembers(objectText: string): readonly JsonMember[] {
  const members: JsonMember[] = []
  let depth = 0
  let start = 0
  let colon = -1
  const endMember = (end: number) => {
    // An empty object has no member; in any other the comma or brace that ends one comes after its colon.
    if (colon < 0) return
    members.push({
      name: String(JSON.parse(objectText.slice(start, colon))),
      valueText: objectText.slice(colon + 1, end).trim(),
      text: objectText.slice(start, end).trim(),
    })
    start = end + 1
    colon = -1
  }
  for (let at = 0; at < objectText.length; at++) {
    switch (objectText[at]) {
      case '"':
        at = endOfString(objectText, at)
        break
      case "{":
      case "[":
        if (++depth === 1) start = at + 1
        break
      case "}":
      case "]":
        if (--depth === 0) endMember(at)
        break
      case ":":
        if (depth === 1) colon = at
        break
      case ",":
        if (depth === 1) endMember(at)
        break
    }
  }
  return members
}

/** @returns the index of the quote that closes the string opened at `open`. */
function endOfString(text: string, open: number): number {
  let at = open + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at
}
