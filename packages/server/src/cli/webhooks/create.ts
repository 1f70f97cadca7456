import { randomBytes } from "node:crypto"
import type { CreatedWebhook } from "@tocsin/client"
import type { Command } from "commander"
import { newStandardSecret } from "../../profiles/signing.ts"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { type SettingOptions, settingsGiven, withSettings } from "./settings.ts"
import { settingsText } from "./show.ts"

export function addCreate(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("create")
    .argument("<endpoint>", "the URL that events are posted to")
    .summary("register an endpoint")
    .description(
      "Register an endpoint. Without --events it gets every event; without --secret one is made and shown this once.",
    )
  withSettings(command)
    .option("--paused", "register it without sending yet")
    .action(async (url: string, options: ConnectionOptions & SettingOptions & { readonly paused?: boolean }) => {
      const tocsin = connect(options, terminal)
      const settings = await settingsGiven(options, terminal)
      const { signal } = terminal
      let { secret } = settings
      let made = false
      if (secret === undefined) {
        const { profile } = await tocsin.sessions.current({ signal })
        // Where the profile's document has customers choose one, a person at a terminal still wants a good one.
        made = profile.secret === "required"
        if (made) secret = newStandardSecret(randomBytes(32))
      }
      const webhook = { ...settings, url, events: settings.events ?? ["*"], ...(secret !== undefined && { secret }) }
      const answer = await tocsin.webhooks.create(
        { ...webhook, ...(options.paused === true && { active: false }) },
        { signal },
      )
      const created: CreatedWebhook = made && secret !== undefined ? { ...answer, secret } : answer
      present(terminal, options, created, () => settingsText(created, terminal) + secretText(created, terminal))
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Everything, with a secret that is made", "tocsin webhooks create https://your-app.com/webhooks"],
    [
      "Severe violations in production, in a secret of your own",
      "tocsin webhooks create https://your-app.com/webhooks --events policy.violation.* --filter severity=HIGH,CRITICAL --filter environments=production --secret your-webhook-secret",
    ],
    [
      "With a header that the endpoint asks for, and gently",
      'tocsin webhooks create https://siem.example.com/in -H "X-Team: blue" --rate-limit 10/1',
    ],
    [
      "With what the options do not cover, such as an OAuth client or a certificate",
      "tocsin webhooks create https://siem.example.com/in --settings @siem.json",
    ],
  ])
}

export function secretText({ secret }: { readonly secret?: string }, terminal: Terminal): string {
  if (secret === undefined) return ""
  return `\nSecret (shown this once; the receiver needs it): ${paintFor(terminal)("bold", secret)}\n`
}
