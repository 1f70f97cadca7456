import { StoreUnavailable } from "../../ports/store.ts"

/**
 * Classes of SQLSTATE that speak of the server or the moment, not of the operation: connection (08), rollback by
 * serialization or deadlock (40), resources (53), lock not available and the like (55), intervention and shutdown (57),
 * system error (58). Beside them read-only after a failover.
 */
const passing: ReadonlySet<string> = new Set(["08", "40", "53", "55", "57", "58"])
const rivalry: ReadonlySet<string> = new Set(["40001", "40P01"])
const readOnly = "25006"

/** What the driver and Node call a server that cannot be reached. */
const unreachable =
  /^(CONNECT|ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|SESSION_LOST|NO_ANSWER)/

/** Sorts an error of the driver: is the database away, or was this operation wrong? */
export function described(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (!isPassing(code)) return error instanceof Error ? error : new Error(message)
  return new StoreUnavailable(`The database cannot be used now (${message}).`, 1, { cause: error })
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""
}

function isPassing(code: string): boolean {
  return unreachable.test(code) || code === readOnly || (code.length === 5 && passing.has(code.slice(0, 2)))
}

/** Two transactions locked each other out; one was rolled back, and the next try finds the way free. */
export function isRivalry(error: unknown): boolean {
  return rivalry.has(codeOf(error))
}

/** `lock_timeout` passed: the statement was undone, and the session is as it was. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === "55P03"
}

/** No partition holds the day of a row: another node's retention has dropped it, or it was never made. */
export function isMissingPartition(error: unknown): boolean {
  return codeOf(error) === "23514" && error instanceof Error && error.message.includes("no partition")
}

/** One line: an AggregateError of the name lookup, for one, has an empty message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || codeOf(error) || error.name : String(error)
}
