import { createHash } from "node:crypto"
import type { AuditEntry, AuditHead, AuditRecord } from "./audit.ts"

/** What the first record of a workspace names as the one before it. */
const noRecord: AuditHead = { sequence: 0, hash: "0".repeat(64) }

/**
 * Appends an entry to its workspace's chain. A store calls it inside the commit that writes the record, with nobody
 * else appending to the same workspace meanwhile: the order of the chain is the order of the commits.
 *
 * @param head of the workspace's chain before; null when this is its first record.
 */
export function linked(entry: AuditEntry, head: AuditHead | null): AuditRecord {
  const { sequence, hash: previousHash } = head ?? noRecord
  const record = { ...entry, sequence: sequence + 1, previousHash }
  return { ...record, hash: hashOf(record) }
}

/**
 * A record as it is exported, and as its hash covers it: the hash is SHA-256, in hex, over the canonical JSON (RFC 8785)
 * of all other members. So whoever has an export can check it without Tocsin.
 */
export function exportedRecord(record: AuditRecord) {
  return { ...hashedMembers(record), hash: record.hash }
}

export type ChainFlaw = {
  /** Where the chain breaks: every record before it is as it was written. */
  readonly sequence: number
  /** `missing`: that record is not there. `altered`: it is not what was written. `misplaced`: another's place. */
  readonly because: "missing" | "altered" | "misplaced"
}

/**
 * Checks a chain as it is read, from its first record on.
 *
 * It tells when a record was removed, altered, inserted or moved, as long as not everything after it, and the head, was
 * made anew: against a writer who does that, compare the head with one that was kept elsewhere.
 */
export class ChainCheck {
  #head = noRecord
  #flaw: ChainFlaw | null = null

  /** @param record the next one by sequence. */
  take(record: AuditRecord): void {
    if (this.#flaw !== null) return
    const expected = this.#head.sequence + 1
    if (record.sequence > expected) this.#flaw = { sequence: expected, because: "missing" }
    else if (record.sequence < expected) this.#flaw = { sequence: record.sequence, because: "misplaced" }
    else if (record.hash !== hashOf(record)) this.#flaw = { sequence: expected, because: "altered" }
    else if (record.previousHash !== this.#head.hash) this.#flaw = { sequence: expected, because: "misplaced" }
    else this.#head = { sequence: record.sequence, hash: record.hash }
  }

  /** @param head as the store keeps it apart from the records: it shows when the last ones were removed. */
  end(head: AuditHead | null): { readonly records: number; readonly hash: string; readonly flaw: ChainFlaw | null } {
    const kept = head ?? noRecord
    if (this.#flaw === null && kept.sequence > this.#head.sequence) {
      this.#flaw = { sequence: this.#head.sequence + 1, because: "missing" }
    } else if (this.#flaw === null && (kept.sequence < this.#head.sequence || kept.hash !== this.#head.hash)) {
      this.#flaw = { sequence: this.#head.sequence, because: "altered" }
    }
    return { records: this.#head.sequence, hash: this.#head.hash, flaw: this.#flaw }
  }
}

function hashedMembers(record: Omit<AuditRecord, "hash">) {
  const { actor } = record
  return {
    id: record.id,
    workspace_id: record.workspaceId,
    sequence: record.sequence,
    at: new Date(record.atMs).toISOString(),
    actor:
      actor.kind === "api_key"
        ? { kind: actor.kind, id: actor.id, name: actor.name }
        : { kind: actor.kind, id: null, name: null },
    address: record.address,
    action: record.action,
    subject: record.subject,
    before: record.before,
    after: record.after,
    previous_hash: record.previousHash,
  }
}

function hashOf(record: Omit<AuditRecord, "hash">): string {
  return createHash("sha256")
    .update(canonicalJson(hashedMembers(record)))
    .digest("hex")
}

/** RFC 8785: members sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(",")}}`
}
