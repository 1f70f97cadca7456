/**
 * A number as it is written: 12345678901234567890 and 1.0 reach the receiver as they are, which JavaScript's own
 * numbers could not promise.
 */
export class WrittenNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** JSON of which single values can be replaced. Objects are maps: no name, `__proto__` included, means anything else. */
export type JsonTree = null | boolean | string | WrittenNumber | JsonTree[] | Map<string, JsonTree>

/** @throws TypeError for what JSON does not have */
export function treeOf(value: unknown): JsonTree {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value
  if (typeof value === "number") return new WrittenNumber(JSON.stringify(value))
  if (Array.isArray(value)) return value.map(treeOf)
  if (typeof value === "object") return new Map(Object.entries(value).map(([name, held]) => [name, treeOf(held)]))
  throw new TypeError(`JSON has no ${typeof value}`)
}

export function treeText(tree: JsonTree): string {
  if (tree instanceof WrittenNumber) return tree.text
  if (tree instanceof Map) {
    return `{${[...tree].map(([name, held]) => `${JSON.stringify(name)}:${treeText(held)}`).join(",")}}`
  }
  return Array.isArray(tree) ? `[${tree.map(treeText).join(",")}]` : JSON.stringify(tree)
}
