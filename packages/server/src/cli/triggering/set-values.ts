import { elementTexts, memberTexts } from "../../domain/json-source.ts"
import { UsageError } from "../running/failures.ts"
import { type JsonTree, treeOf, WrittenNumber } from "./json-tree.ts"

/** One `--set`: where, what, and whether what is JSON whatever stands there now. */
export type Setting = { readonly path: readonly string[]; readonly text: string; readonly asJson: boolean }

/** Deeper the server refuses. */
const pathLengthMax = 100

/**
 * Reads `data.violation.severity=LOW`. Names are separated by dots, `items.0` is an array's first element, `items.+`
 * adds one, `\.` is a dot inside a name. After `:=` stands JSON, whatever type the value has now.
 *
 * @throws UsageError
 */
export function readSetting(text: string): Setting {
  const equals = endOfPath(text)
  const written = text.slice(0, equals)
  if (equals === -1 || written === "") throw wrong(text, "write it as data.name=value")
  const asJson = written.endsWith(":")
  const path = split(asJson ? written.slice(0, -1) : written)
  if (path[0] !== "data" || path.length < 2) throw wrong(text, "the path has to begin with data., for only data varies")
  if (path.some((name) => name === "")) throw wrong(text, "the path has an empty name")
  if (path.length > pathLengthMax) throw wrong(text, `the path has more than ${pathLengthMax} names`)
  return { path: path.slice(1), text: text.slice(equals + 1), asJson }
}

/**
 * Replaces a value. It keeps the type that it has: a number stays one and is written as it was given, digits and all; a
 * string stays one, so that an account's number does not turn into a quantity. Where nothing stands yet, what reads as
 * JSON is JSON and the rest a string.
 *
 * @returns whether something stood there, or an object got a member that it had not
 * @throws UsageError
 */
export function applySetting(data: JsonTree, setting: Setting): "replaced" | "added" {
  let holder = data
  let outcome: "replaced" | "added" = "replaced"
  const last = setting.path.length - 1
  setting.path.forEach((name, at) => {
    const shown = `data.${setting.path.slice(0, at + 1).join(".")}`
    if (holder instanceof Map) {
      if (!holder.has(name)) outcome = "added"
      if (at === last) {
        holder.set(name, replacement(holder.get(name), setting, shown))
        return
      }
      const held = holder.get(name) ?? new Map<string, JsonTree>()
      holder.set(name, held)
      holder = held
    } else if (Array.isArray(holder)) {
      const index = name === "+" ? holder.length : Number(name)
      if (name !== "+" && (!/^\d{1,6}$/.test(name) || index > holder.length)) {
        throw new UsageError(`--set ${shown}: the array there has ${holder.length} elements; + adds one.`)
      }
      // The elements there show what a further one looks like.
      const held = holder[index] ?? (at === last ? holder[0] : new Map<string, JsonTree>())
      const next = at === last ? replacement(held, setting, shown) : (held ?? null)
      holder[index] = next
      holder = next
    } else {
      throw new UsageError(`--set ${shown}: what stands before it is no object. The type's sample shows what there is.`)
    }
  })
  return outcome
}

function replacement(held: JsonTree | undefined, { text, asJson }: Setting, shown: string): JsonTree {
  if (typeof held === "string" && !asJson) return text
  const value = read(text)
  // null is JSON too.
  if (asJson) return value === undefined ? fail(shown, `${JSON.stringify(text)} is not JSON.`) : value
  if (held instanceof WrittenNumber) {
    return value instanceof WrittenNumber
      ? value
      : fail(shown, `a number stands there, and ${JSON.stringify(text)} is none. := sets any JSON.`)
  }
  if (typeof held === "boolean") {
    return typeof value === "boolean" ? value : fail(shown, "true or false stands there. := sets any JSON.")
  }
  if (Array.isArray(held) || held instanceof Map) {
    const alike = Array.isArray(held) ? Array.isArray(value) : value instanceof Map
    return alike && value !== undefined
      ? value
      : fail(
          shown,
          `${Array.isArray(held) ? "an array" : "an object"} stands there. Give JSON of that kind, or set its parts.`,
        )
  }
  return value === undefined ? text : value
}

function fail(shown: string, because: string): never {
  throw new UsageError(`--set ${shown}: ${because}`)
}

/** JSON text with its numbers as written; undefined for what is none. */
function read(text: string): JsonTree | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  return fromText(text.trim())
}

/** @param json has passed `JSON.parse`, and begins with its value. */
export function fromText(json: string): JsonTree {
  if (json.startsWith("{")) return new Map([...memberTexts(json)].map(([name, held]) => [name, fromText(held)]))
  if (json.startsWith("[")) return elementTexts(json).map(fromText)
  return /^[-\d]/.test(json) ? new WrittenNumber(json) : treeOf(JSON.parse(json))
}

/** Where the first `=` stands that no backslash escapes. */
function endOfPath(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === "=") return at
  }
  return -1
}

function split(path: string): string[] {
  const names = [""]
  for (let at = 0; at < path.length; at++) {
    const character = path[at] ?? ""
    if (character === ".") names.push("")
    else names[names.length - 1] += character === "\\" ? (path[++at] ?? "") : character
  }
  return names
}

function wrong(text: string, because: string): UsageError {
  return new UsageError(`--set ${JSON.stringify(text)}: ${because}.`)
}
