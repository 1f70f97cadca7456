import type { Command } from "commander"
import {
  addressOf,
  type ConnectionOptions,
  connect,
  keyGiven,
  withConnection,
  withJson,
} from "../calling/connection.ts"
import { Failed } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { type Paint, paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { safeLine } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"
import { type Check, warning } from "./check.ts"
import { lookAtDirectory } from "./directory-checks.ts"
import { lookAtServer } from "./server-checks.ts"
import { lookAtTargets } from "./target-checks.ts"
import { lookAtWorkspace } from "./workspace-checks.ts"

/** `tocsin doctor`: what is wrong, and what to do about it. */
export function addDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command("doctor")
    .summary("find out what is wrong")
    .description(
      "Look at all that commonly goes wrong: the server, its clock, the key and its scopes, webhooks in trouble, the endpoints' names and certificates as seen from here, and the data directory of a server on this machine. Changes nothing. Exit code 0 without problems, 1 with some, 3 when the server does not answer.",
    )
    .option("--no-targets", "connect to no endpoint")
    .action(async (options: ConnectionOptions & { readonly targets: boolean }) => {
      const address = addressOf(options, terminal)
      const { reachable, checks } = await examine(address, options, terminal)
      const healthy = checks.every(({ outcome }) => outcome !== "problem")
      present(terminal, options, { healthy, checks }, () => told(checks, paintFor(terminal)))
      if (!reachable) throw new Failed(`${address} could not be examined.`, "unreachable")
      if (!healthy) terminal.failed()
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Is all well?", "tocsin doctor"],
    ["Only what is not", "tocsin doctor --json | jq '.checks[] | select(.outcome != \"ok\")'"],
  ])
}

async function examine(
  address: string,
  options: ConnectionOptions & { readonly targets: boolean },
  terminal: Terminal,
) {
  const { signal, environment } = terminal
  const server = await lookAtServer(address, terminal.now, signal)
  const checks: Check[] = [...server.checks, ...lookAtDirectory(environment, address)]
  if (!server.reachable) return { reachable: false, checks }
  if (keyGiven(options, terminal) === null) {
    checks.push(warning("key", "None was given.", "Set TOCSIN_KEY, or give --key, to look at a workspace too."))
    return { reachable: true, checks }
  }
  const workspace = await lookAtWorkspace(connect(options, terminal), terminal.now(), signal)
  checks.push(...workspace.checks)
  if (options.targets) checks.push(...(await lookAtTargets(workspace.webhooks, terminal.now(), signal)))
  return { reachable: true, checks }
}

const marks = { ok: "ok     ", warning: "warning", problem: "problem", skipped: "skipped" } as const
const colours = { ok: "green", warning: "yellow", problem: "red", skipped: "dim" } as const

function told(checks: readonly Check[], paint: Paint): string {
  return checks
    .map(({ name, outcome, message, hint }) => {
      const head = `${paint(colours[outcome], marks[outcome])}  ${safeLine(name)}: ${safeLine(message)}\n`
      return hint === null ? head : `${head}         ${safeLine(hint)}\n`
    })
    .join("")
}
