import type { Failed } from "./writes/tape.ts"

/**
 * SQLite's primary result codes (sqlite.org/rescode.html) that speak of the storage, not of the operation: PERM, BUSY,
 * LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOLFS, NOTADB.
 */
const storageCodes: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 10, 11, 13, 14, 15, 22, 26])
const fullCode = 13

/** Sorts an error that SQLite threw: can the store not write, or was this operation wrong? */
export function describeFailure(error: unknown): Failed {
  const result = resultCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (result === null || !storageCodes.has(result)) return { unavailable: false, message }
  if (result === fullCode)
    return { unavailable: true, message: "The disk that holds the database is full. Free space on it." }
  return { unavailable: true, message: `The database cannot be used now (${message}).` }
}

export function resultCode(error: unknown): number | null {
  // The low byte of an extended code is the primary one.
  if (error instanceof Error && "errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff
  return null
}
