import type { Webhook } from "@tocsin/client"
import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { type ListOptions, listed, withPaging } from "../calling/listings.ts"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { type Column, table } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"
import { relative } from "../showing/times.ts"

export function addList(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("list")
    .summary("list webhooks, newest first")
    .description("List webhooks, newest first, with how they fare.")
    .action(async (options: ConnectionOptions & ListOptions) => {
      const tocsin = connect(options, terminal)
      const found = await listed((page) => tocsin.webhooks.list(page, { signal: terminal.signal }), options)
      present(terminal, options, found, () =>
        found.data.length === 0
          ? "No webhooks yet. `tocsin webhooks create --help` shows how to register one.\n"
          : table(terminal, columns(terminal), found.data),
      )
    })
  withJson(withConnection(withPaging(command)))
  withExamples(command, [
    ["How are they?", "tocsin webhooks list"],
    ["The disabled ones", "tocsin webhooks list --json | jq '.data[] | select(.status == \"disabled\")'"],
  ])
}

function columns(terminal: Terminal): Column<Webhook>[] {
  const paint = paintFor(terminal)
  return [
    { title: "webhook", cell: ({ id }) => id },
    {
      title: "status",
      cell: statusOf,
      paint: (shown, { status, consecutive_failures }) =>
        paint(
          status === "disabled" ? "red" : status !== "active" || consecutive_failures > 0 ? "yellow" : "green",
          shown,
        ),
    },
    { title: "url", cell: ({ url }) => url },
    { title: "events", cell: ({ events }) => events.join(" ") },
    { title: "backlog", cell: ({ backlog }) => backlog },
    { title: "last success", cell: ({ last_success_at }) => relative(last_success_at, terminal.now()) },
  ]
}

/** With why, where it is not well. */
export function statusOf({ status, disabled_reason, consecutive_failures }: Webhook): string {
  if (disabled_reason !== null) return `${status} (${disabled_reason})`
  return consecutive_failures > 0 ? `${status}, ${consecutive_failures} failed in a row` : status
}
