import { TocsinProblem } from "@tocsin/client"
import { safeText } from "../showing/safe-text.ts"
import { exitCodes, exitNameOf } from "./exit-codes.ts"

/** A failure as a person reads it: what happened, and what to do about it. */
export function failureText(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : String(failure)
  const lines = [`tocsin: ${safeText(message)}`, ...remedyOf(failure)]
  if (failure instanceof TocsinProblem && failure.requestId !== null) lines.push(`  request ${failure.requestId}`)
  return `${lines.join("\n")}\n`
}

/** A failure as a program reads it, on standard error: a stable shape. */
export function failureJson(failure: unknown) {
  const exit = exitNameOf(failure)
  const problem = failure instanceof TocsinProblem ? failure : null
  return {
    error: {
      code: problem?.code ?? exit,
      message: problem?.detail ?? (failure instanceof Error ? failure.message : String(failure)),
      exit_code: exitCodes[exit].code,
      status: problem?.status ?? null,
      request_id: problem?.requestId ?? null,
      errors: problem?.errors ?? [],
    },
  }
}

function remedyOf(failure: unknown): readonly string[] {
  if (!(failure instanceof TocsinProblem)) return []
  switch (failure.code) {
    case "authentication_required":
      return ["  Give a workspace's key: --key <key>, or TOCSIN_KEY=<key> in the environment."]
    case "workspace_key_required":
      return [
        "  The key given is the instance's admin key. `tocsin workspaces create` makes a workspace and its first key.",
      ]
    default:
      return []
  }
}
