import { StoreUnavailable } from "../../ports/store.ts"

/**
 * Why SQLite did not do it: this operation is wrong, the storage cannot be used now, or what is stored is damaged. What is
 * damaged may be one page of many: other operations go on, and waiting does not heal it.
 */
export const failureKinds = ["operation", "unavailable", "damaged"] as const
export type Failed = { readonly kind: (typeof failureKinds)[number]; readonly message: string }

/** What is damaged is unavailable as well: to be tried again, for a restored backup may have it. */
export class StoreDamaged extends StoreUnavailable {}

/**
 * SQLite's primary result codes (sqlite.org/rescode.html) that speak of the storage, not of the operation: PERM, BUSY,
 * LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL, NOLFS.
 */
const storageCodes: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 10, 13, 14, 15, 22])
/** CORRUPT, NOTADB. */
const damageCodes: ReadonlySet<number> = new Set([11, 26])
const fullCode = 13

/** Sorts an error that SQLite threw. */
export function describeFailure(error: unknown): Failed {
  const result = resultCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (isDamage(error)) return { kind: "damaged", message: `The database is damaged (${message}).` }
  if (result === null || !storageCodes.has(result)) return { kind: "operation", message }
  if (result === fullCode)
    return { kind: "unavailable", message: "The disk that holds the database is full. Free space on it." }
  return { kind: "unavailable", message: `The database cannot be used now (${message}).` }
}

/** On the thread that asked: what it is told by the one that failed. */
export function failureOf({ kind, message }: Failed): Error {
  switch (kind) {
    case "operation":
      return new Error(message)
    case "unavailable":
      return new StoreUnavailable(message)
    case "damaged":
      return new StoreDamaged(message)
  }
}

/** Whether SQLite could not read its own file. */
export function isDamage(error: unknown): boolean {
  const result = resultCode(error)
  return result !== null && damageCodes.has(result)
}

export function resultCode(error: unknown): number | null {
  // The low byte of an extended code is the primary one.
  if (error instanceof Error && "errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff
  return null
}
