import { createInterface } from "node:readline/promises"
import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { Failed, UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { safeLine } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"

export function addDelete(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("delete")
    .argument("<webhook>", "a webhook's id")
    .summary("delete a webhook")
    .description("Delete a webhook. What is pending for it is cancelled. To stop it for a while, pause it.")
    .option("-y, --yes", "do not ask")
    .action(async (id: string, options: ConnectionOptions & { readonly yes?: boolean }) => {
      const tocsin = connect(options, terminal)
      const { signal } = terminal
      const webhook = await tocsin.webhooks.get(id, { signal })
      if (options.yes !== true) await confirm(`Delete ${webhook.url} with ${webhook.backlog} waiting?`, terminal)
      await tocsin.webhooks.delete(id, { signal })
      present(terminal, options, { id, deleted: true }, () => `Deleted ${safeLine(webhook.url)} (${id}).\n`)
    })
  withJson(withConnection(command))
  withExamples(command, [["Without a question, for scripts", "tocsin webhooks delete wh_0192f0c8a1b2 --yes"]])
}

/** @throws UsageError where nobody can answer, Failed where the answer is no */
async function confirm(question: string, terminal: Terminal): Promise<void> {
  if (!terminal.inputIsTty || !terminal.isTty) throw new UsageError("Nobody is there to ask. Give --yes to delete it.")
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await asking.question(`${safeLine(question)} [y/N] `, { signal: terminal.signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failed("Nothing was deleted.")
  } finally {
    asking.close()
  }
}
