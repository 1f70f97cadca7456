import type { WebhookChange } from "@tocsin/client"
import { type Command, Option } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { type SettingOptions, settingsGiven, withSettings } from "./settings.ts"
import { settingsText } from "./show.ts"

const resettable = [
  "authorization",
  "description",
  "filters",
  "headers",
  "ordering",
  "rate_limit",
  "retry_config",
  "timeout_seconds",
  "tls",
  "verification",
] as const satisfies readonly (keyof WebhookChange)[]

type Options = ConnectionOptions &
  SettingOptions & { readonly endpoint?: string; readonly reset?: readonly (typeof resettable)[number][] }

export function addUpdate(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("update")
    .argument("<webhook>", "a webhook's id")
    .summary("change a webhook's settings")
    .description("Change a webhook's settings. What is not named stays; headers and filters are replaced as a whole.")
    .option("--endpoint <url>", "the URL that events are posted to")
  withSettings(command)
    .addOption(new Option("--reset <settings...>", "back to the default").choices(resettable))
    .action(async (id: string, options: Options) => {
      const change: WebhookChange = {
        ...Object.fromEntries((options.reset ?? []).map((name) => [name, null])),
        ...(await settingsGiven(options, terminal)),
        ...(options.endpoint !== undefined && { url: options.endpoint }),
      }
      if (Object.keys(change).length === 0) {
        throw new UsageError("Nothing to change was named. `tocsin webhooks update --help` lists what there is.")
      }
      const webhook = await connect(options, terminal).webhooks.update(id, change, { signal: terminal.signal })
      present(terminal, options, webhook, () => settingsText(webhook, terminal))
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Move it", "tocsin webhooks update wh_0192f0c8a1b2 --endpoint https://new.example.com/hook"],
    ["Everything again", "tocsin webhooks update wh_0192f0c8a1b2 --events '*' --reset filters"],
  ])
}
