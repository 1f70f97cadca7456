import type { Value } from "./session.ts"

/**
 * A column of a batch as PostgreSQL's array literal (its manual, "Array Input and Output Syntax"). One statement with
 * a few arrays costs a hundredth of a statement a row, and its text is the same whatever the batch's size.
 */
export function arrayOf(values: readonly Value[]): string {
  let text = "{"
  let first = true
  for (const value of values) {
    if (first) first = false
    else text += ","
    if (value === null) text += "NULL"
    else if (typeof value === "string") text += quoted(value)
    else text += String(value)
  }
  return `${text}}`
}

const special = /["\\]/g

function quoted(text: string): string {
  return `"${text.replace(special, "\\$&")}"`
}

/** A control character that neither an id nor a JSON text holds: there it stands as an escape (RFC 8259 §7). */
const separatorCode = 0x1f
const separator = String.fromCharCode(separatorCode)

/**
 * A column of ids, names of our own or JSON texts, which `separated` takes apart. An event's body has a hundred quotes:
 * to write an escape before each of them and to read it again takes longer than all else that is done for a column.
 *
 * @throws Error when a value is empty, or holds the separator: no such value may come here
 */
export function joined(values: readonly (string | null)[]): string {
  for (const value of values)
    if (value !== null && (value === "" || value.includes(separator)))
      throw new Error("A value that is empty, or holds a control character, cannot be joined with others.")
  return values.join(separator)
}

/** What makes an array of a parameter that `joined` made. */
export function separated(parameter: number): string {
  return `string_to_array($${parameter}, chr(${separatorCode}), '')`
}

/** Rows as columns, each an array literal, for `unnest`. */
export function columns<Item>(items: readonly Item[], ...of: readonly ((item: Item) => Value)[]): string[] {
  return of.map((value) => arrayOf(items.map(value)))
}

/** Rows as columns, each for `separated`. */
export function joinedColumns<Item>(
  items: readonly Item[],
  ...of: readonly ((item: Item) => string | null)[]
): string[] {
  return of.map((value) => joined(items.map(value)))
}
