import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import type { WorkspaceId } from "../../domain/ids.ts"
import { configurationKinds, type MovedConfiguration, type MovedHistory, type MovedRecord } from "../../ports/moving.ts"
import { UsageError } from "../running/failures.ts"
import { type Counts, countsOf, endSchema, formatVersion, headerSchema, isRecord } from "./file-format.ts"

const newline = 10
/** Several times what the largest event takes, escaped: a file with longer lines is none of ours. */
const lineMaxBytes = 64 * 1024 * 1024

export type Contents = {
  readonly workspaces: readonly WorkspaceId[]
  /** Few enough to be held: a server does so too. */
  readonly configuration: readonly MovedConfiguration[]
  readonly counts: Counts
}

/**
 * Reads a whole export and checks that it is one: all of it, unaltered, and every record of a known shape.
 *
 * @throws UsageError that says what is wrong with the file
 */
export async function inspectExport(path: string, signal: AbortSignal): Promise<Contents> {
  const hash = createHash("sha256")
  const count = new Map<MovedRecord["kind"], number>()
  const configuration: MovedConfiguration[] = []
  let workspaces: ReadonlySet<WorkspaceId> | null = null
  let counted: { readonly counts: Readonly<Record<string, number>>; readonly sha256: string } | null = null
  let number = 0
  for await (const line of linesOf(path)) {
    number += 1
    if (number % 1_000 === 0) signal.throwIfAborted()
    if (counted !== null) throw wrong(path, `goes on after its end, in line ${number}`)
    const value = parsed(path, line, number)
    if (workspaces === null) {
      workspaces = new Set(headerOf(path, value))
    } else if (endSchema.Check(value)) {
      counted = value
      continue
    } else if (isRecord(value) && workspaces.has(value.workspaceId)) {
      count.set(value.kind, (count.get(value.kind) ?? 0) + 1)
      if (isConfiguration(value)) configuration.push(value)
    } else throw wrong(path, `holds something unknown in line ${number}`)
    hash.update(line).update("\n")
  }
  if (workspaces === null || counted === null)
    throw wrong(path, "is not whole: its end is missing, so it was cut short on its way")
  const { counts, sha256 } = counted
  const found = countsOf((kind) => count.get(kind) ?? 0)
  if (hash.digest("hex") !== sha256 || Object.entries(found).some(([kind, each]) => counts[kind] !== each))
    throw wrong(path, "was altered: its checksum is of other contents")
  return { workspaces: [...workspaces], configuration, counts: found }
}

/** Records of what happened, in the file's order. Of a file that `inspectExport` has read. */
export async function* historyIn(path: string): AsyncGenerator<MovedHistory> {
  let number = 0
  for await (const line of linesOf(path)) {
    number += 1
    const value = parsed(path, line, number)
    if (isRecord(value) && !isConfiguration(value)) yield value
  }
}

const configuring: ReadonlySet<string> = new Set(configurationKinds)

function isConfiguration(record: MovedRecord): record is MovedConfiguration {
  return configuring.has(record.kind)
}

function headerOf(path: string, value: unknown): readonly WorkspaceId[] {
  if (headerSchema.Check(value)) return value.workspaces
  const version =
    typeof value === "object" && value !== null && "tocsin_export" in value ? value.tocsin_export : undefined
  if (typeof version === "number" && version !== formatVersion)
    throw new UsageError(
      `${path} has format ${version} and this version of Tocsin reads format ${formatVersion}. Import it with the version that wrote it.`,
    )
  throw new UsageError(`${path} is no export: it does not begin with the header of one.`)
}

function parsed(path: string, line: Buffer, number: number): unknown {
  try {
    return JSON.parse(line.toString("utf8"))
  } catch (error) {
    if (number === 1)
      throw new UsageError(`${path} is no export: it does not begin with the header of one.`, { cause: error })
    throw wrong(path, `holds no JSON in line ${number}`, error)
  }
}

function wrong(path: string, problem: string, cause?: unknown): UsageError {
  return new UsageError(`${path} ${problem}. Nothing was imported. Copy it again, or export anew.`, { cause })
}

/**
 * The lines of a file, without their ends; what follows the last line end is one too. By bytes: `readline` would also
 * break lines at U+2028, which JSON may hold as it is.
 */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      let from = 0
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
        yield Buffer.concat([...pieces, chunk.subarray(from, at)])
        pieces = []
        size = 0
        from = at + 1
      }
      pieces.push(chunk.subarray(from))
      size += chunk.length - from
      if (size > lineMaxBytes) throw wrong(path, "is no export: a line of it is longer than any could be")
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && "syscall" in error)
      throw new UsageError(`${path} cannot be read (${error.message}).`, { cause: error })
    throw error
  }
  if (size > 0) yield Buffer.concat(pieces)
}
