import { asId } from "../../../domain/ids.ts"
import type { ConfigName } from "../../../ports/ownership.ts"
import { payloadMaxBytes } from "./channel.ts"

/** That the configuration has come to this version, and by which records; without names when there are too many. */
export type ConfigNotice = { readonly version: number; readonly names: readonly ConfigName[] | null }

const kinds: ReadonlySet<string> = new Set<ConfigName["kind"]>(["workspace", "apiKey", "webhook", "eventType"])

export function configNotice(version: number, names: readonly ConfigName[]): string {
  const lines = names.map(({ kind, workspaceId, id }) => `\n${kind} ${workspaceId} ${id}`)
  const notice = `config ${version}${lines.join("")}`
  return Buffer.byteLength(notice) <= payloadMaxBytes ? notice : `config ${version}`
}

/** @returns null for what is no notice of configuration */
export function readConfigNotice(payload: string): ConfigNotice | null {
  const [head = "", ...lines] = payload.split("\n")
  const version = /^config (\d+)$/.exec(head)?.[1]
  if (version === undefined) return null
  const names = lines.map(nameIn)
  if (names.length === 0 || names.includes(null)) return { version: Number(version), names: null }
  return { version: Number(version), names: names.filter((name) => name !== null) }
}

function nameIn(line: string): ConfigName | null {
  const [kind, workspaceId, id] = line.split(" ")
  if (!isKind(kind) || workspaceId === undefined || id === undefined) return null
  return { kind, workspaceId: asId(workspaceId), id }
}

function isKind(text: string | undefined): text is ConfigName["kind"] {
  return text !== undefined && kinds.has(text)
}
