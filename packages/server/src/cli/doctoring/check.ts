/** What one look of the doctor's found. `skipped`: it could not be looked at, for a reason that another check names. */
export type Check = {
  readonly name: string
  readonly outcome: "ok" | "warning" | "problem" | "skipped"
  readonly message: string
  /** What to do; null where all is well. */
  readonly hint: string | null
}

export function ok(name: string, message: string): Check {
  return { name, outcome: "ok", message, hint: null }
}

export function warning(name: string, message: string, hint: string): Check {
  return { name, outcome: "warning", message, hint }
}

export function problem(name: string, message: string, hint: string): Check {
  return { name, outcome: "problem", message, hint }
}

export function skipped(name: string, message: string): Check {
  return { name, outcome: "skipped", message, hint: null }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // `fetch` only says that it failed; its cause says why.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
