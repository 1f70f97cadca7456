import { TocsinProblem, TocsinUnreachable } from "@tocsin/client"
import { CommanderError } from "commander"
import { Failed, UsageError } from "./failures.ts"

/** What the program's end tells the program that called it. docs/cli.md lists exactly these. */
export const exitCodes = {
  ok: { code: 0, meaning: "It was done; for checks: all is well" },
  failed: { code: 1, meaning: "It was done and came out badly: not delivered, not verified, something is wrong" },
  usage: { code: 2, meaning: "The command line or a file it names is wrong; nothing was done" },
  unreachable: { code: 3, meaning: "The server does not answer, or asks to come back later (429, 503)" },
  refused: { code: 4, meaning: "The key is missing, unknown, expired or lacks a scope (401, 403)" },
  notFound: { code: 5, meaning: "There is no such thing in this workspace (404)" },
  notAccepted: { code: 6, meaning: "The server does not accept what was sent (400, 409, 413, 415, 422)" },
  interrupted: { code: 130, meaning: "Ctrl-C; `listen` and `events tail`, which end in no other way, end with 0" },
} as const satisfies Readonly<Record<string, { code: number; meaning: string }>>

export type ExitName = keyof typeof exitCodes

/** Commander's own ways to end that are no mistake of the caller's. */
const wanted: readonly string[] = ["commander.helpDisplayed", "commander.version"]

/** With which code a failure ends the program. */
export function exitNameOf(failure: unknown): ExitName {
  if (failure instanceof CommanderError) return wanted.includes(failure.code) ? "ok" : "usage"
  if (failure instanceof UsageError) return "usage"
  if (failure instanceof Failed) return failure.exit
  if (failure instanceof TocsinUnreachable) return "unreachable"
  if (failure instanceof TocsinProblem) return ofStatus(failure)
  return "failed"
}

function ofStatus({ status, code }: TocsinProblem): ExitName {
  // Something that is not Tocsin answered: as good as no answer.
  if (code === "unexpected_response") return "unreachable"
  if (status === 401 || status === 403) return "refused"
  if (status === 404) return "notFound"
  if (status === 408 || status === 429 || status === 502 || status === 503 || status === 504) return "unreachable"
  return status < 500 ? "notAccepted" : "failed"
}
