import { Command } from "commander"
import manifest from "../../package.json" with { type: "json" }
import { addBackup } from "./backing-up/backup.ts"
import { addRestore } from "./backing-up/restore.ts"
import { addCompletion } from "./completing/completion.ts"
import { addDeliveries } from "./deliveries/deliveries.ts"
import { addDoctor } from "./doctoring/doctor.ts"
import { addEvents } from "./events/events.ts"
import { addListen } from "./listening/listen.ts"
import { addExport } from "./moving/export.ts"
import { addImport } from "./moving/import.ts"
import { addKeys } from "./operating/keys.ts"
import { addMigrate } from "./operating/migrate.ts"
import { addServe } from "./operating/serve.ts"
import { addWorkspaces } from "./operating/workspaces.ts"
import { addReplay, addReplays } from "./replaying/replay.ts"
import { exitCodes } from "./running/exit-codes.ts"
import type { Terminal } from "./running/terminal.ts"
import { paintFor } from "./showing/colours.ts"
import { addTrigger } from "./triggering/trigger.ts"
import { addVerify } from "./verifying/verify.ts"
import { addWebhooks } from "./webhooks/webhooks.ts"

/** The whole command tree. It ends by throwing, never by leaving the process. */
export function buildProgram(terminal: Terminal): Command {
  const paint = paintFor(terminal)
  const program = new Command("tocsin")
    .description("Tocsin: a webhook engine for security and compliance events.")
    .version(manifest.version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.coloured,
      getErrHasColors: () => terminal.coloured,
      outputError: (text, write) => write(text.replace(/^error: /, "tocsin: ")),
    })
    .configureHelp({
      styleTitle: (title) => paint("bold", title),
      styleCommandText: (text) => paint("cyan", text),
      subcommandTerm: (command) => command.name(),
    })
    .helpCommand(false)

  program.commandsGroup("For a developer:")
  addListen(program, terminal)
  addTrigger(program, terminal)
  addVerify(program, terminal)
  addDoctor(program, terminal)

  program.commandsGroup("A workspace:")
  addWebhooks(program, terminal)
  addEvents(program, terminal)
  addDeliveries(program, terminal)
  addReplay(program, terminal)
  addReplays(program, terminal)
  addKeys(program, terminal)

  program.commandsGroup("For an operator:")
  addServe(program)
  addMigrate(program, terminal)
  addBackup(program, terminal)
  addRestore(program, terminal)
  addExport(program, terminal)
  addImport(program, terminal)
  addWorkspaces(program, terminal)

  program.commandsGroup("More:")
  addCompletion(program, terminal)
  return program.addHelpText("after", guide)
}

const guide = `
Where and who: --url and --key, or TOCSIN_URL and TOCSIN_KEY in the environment.
Tables are for people; --json is for programs. Colours go to terminals alone, unless NO_COLOR is set.

Exit codes:
${Object.values(exitCodes)
  .map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`)
  .join("\n")}

Examples:
  # A workspace, its first key in the environment, and an endpoint on this machine that gets its events
  $ export TOCSIN_KEY=$(tocsin workspaces create acme --profile policycortex --json | jq -r .api_key.key)
  $ tocsin listen --forward-to http://localhost:3000/hook

  # In another terminal: something happens
  $ tocsin trigger policy.violation.created --set data.violation.severity=LOW
`
