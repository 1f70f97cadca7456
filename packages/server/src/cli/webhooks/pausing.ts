import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { safeLine } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"

export function addPause(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("pause")
    .argument("<webhook>", "a webhook's id")
    .summary("hold what matches a webhook")
    .description("Stop sending to a webhook. What matches it is held, and sent in order when it is resumed.")
    .action(switching(false, terminal))
  withJson(withConnection(command))
  withExamples(command, [["While the receiver is rebuilt", "tocsin webhooks pause wh_0192f0c8a1b2"]])
}

export function addResume(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("resume")
    .argument("<webhook>", "a webhook's id")
    .summary("send again, what was held included")
    .description(
      "Send to a paused or disabled webhook again. What was held and is within its retry window is sent in order; what is older is expired, and `tocsin replay` sends it.",
    )
    .action(switching(true, terminal))
  withJson(withConnection(command))
  withExamples(command, [["After the endpoint was repaired", "tocsin webhooks resume wh_0192f0c8a1b2"]])
}

function switching(active: boolean, terminal: Terminal) {
  return async (id: string, options: ConnectionOptions) => {
    const webhook = await connect(options, terminal).webhooks.update(id, { active }, { signal: terminal.signal })
    present(
      terminal,
      options,
      webhook,
      () => `${safeLine(webhook.url)} is ${webhook.status}, ${webhook.backlog} waiting.\n`,
    )
  }
}
