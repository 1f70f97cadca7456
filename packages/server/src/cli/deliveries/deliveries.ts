import type { Delivery, DeliveryDetail, DeliveryStatus } from "@tocsin/client"
import { Argument, type Command, Option } from "commander"
import { deliveryStatuses } from "../../domain/delivery.ts"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { type ListOptions, listed, withPaging } from "../calling/listings.ts"
import { readMoment } from "../reading/moments.ts"
import type { Terminal } from "../running/terminal.ts"
import { type Paint, paintFor } from "../showing/colours.ts"
import { counted } from "../showing/counted.ts"
import { present } from "../showing/present.ts"
import { safeLine, safeText } from "../showing/safe-text.ts"
import { type Column, fields, table } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"
import { relative } from "../showing/times.ts"

/** `tocsin deliveries`: events on their way to webhooks. */
export function addDeliveries(program: Command, terminal: Terminal): void {
  const deliveries = program
    .command("deliveries")
    .summary("events on their way to webhooks")
    .description("Events on their way to webhooks, with each attempt and why it failed.")
  addList(deliveries, terminal)
  addShow(deliveries, terminal)
  addRetry(deliveries, terminal)
}

type Listing = ConnectionOptions &
  ListOptions & {
    readonly webhook?: string
    readonly event?: string
    readonly type?: string
    readonly status?: DeliveryStatus
    readonly from?: string
    readonly to?: string
  }

function addList(deliveries: Command, terminal: Terminal): void {
  const moment = (text: string) => readMoment(text, terminal.now())
  const command = deliveries
    .command("list")
    .summary("list deliveries, newest first")
    .description("List deliveries, newest first.")
    .option("--webhook <webhook>", "to this webhook only")
    .option("--event <event>", "of this event only")
    .option("--type <type>", "of events of this type only")
    .addOption(new Option("--status <status>", "in this status only").choices(deliveryStatuses))
    .option("--from <moment>", "made at this moment or later: 15m, 24h, 7d, or an RFC 3339 time", moment)
    .option("--to <moment>", "made before this moment", moment)
    .action(async ({ webhook, event, type, status, from, to, ...options }: Listing) => {
      const tocsin = connect(options, terminal)
      const filter = { webhook_id: webhook, event_id: event, event_type: type, status, from, to }
      const found = await listed(
        (page) => tocsin.deliveries.list({ ...filter, ...page }, { signal: terminal.signal }),
        options,
      )
      present(terminal, options, found, () =>
        found.data.length === 0 ? "No deliveries.\n" : table(terminal, columns(terminal), found.data),
      )
    })
  withJson(withConnection(withPaging(command)))
  withExamples(command, [
    ["What was given up", "tocsin deliveries list --status exhausted --from 7d"],
    ["What waits for one webhook", "tocsin deliveries list --webhook wh_0192f0c8a1b2 --status retrying"],
  ])
}

function columns(terminal: Terminal): Column<Delivery>[] {
  const paint = paintFor(terminal)
  return [
    { title: "delivery", cell: ({ id }) => id },
    { title: "event type", cell: ({ event_type }) => event_type },
    { title: "webhook", cell: ({ webhook_id }) => webhook_id },
    {
      title: "status",
      cell: ({ status }) => status,
      paint: (shown, { status }) => statusPainted(paint, shown, status),
    },
    { title: "attempts", cell: ({ attempt_count }) => attempt_count },
    {
      title: "last answer",
      cell: ({ last_status_code, last_error_code }) => lastAnswer(last_status_code, last_error_code),
    },
    { title: "made", cell: ({ created }) => relative(created, terminal.now()) },
    { title: "next attempt", cell: ({ next_attempt_at }) => relative(next_attempt_at, terminal.now()) },
  ]
}

function lastAnswer(status: number | null, code: string | null): string | null {
  return [status, code].filter((part) => part !== null).join(" ") || null
}

function statusPainted(paint: Paint, text: string, status: DeliveryStatus): string {
  if (status === "delivered") return paint("green", text)
  return status === "exhausted" || status === "expired" ? paint("red", text) : paint("yellow", text)
}

function addShow(deliveries: Command, terminal: Terminal): void {
  const command = deliveries
    .command("show")
    .argument("<delivery>", "a delivery's id")
    .summary("show a delivery with its attempts")
    .description("Show a delivery with each attempt: what was answered, why it failed, what to do about it.")
    .option("--full", "with the headers of requests and responses")
    .action(async (id: string, options: ConnectionOptions & { readonly full?: boolean }) => {
      const delivery = await connect(options, terminal).deliveries.get(id, { signal: terminal.signal })
      present(terminal, options, delivery, () => detail(delivery, options.full === true, terminal))
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Why does it not arrive?", "tocsin deliveries show dlv_0192f0c8a1b2"],
    [
      "The headers of the last attempt",
      "tocsin deliveries show dlv_0192f0c8a1b2 --json | jq '.attempts[-1].request_headers'",
    ],
  ])
}

function detail(delivery: DeliveryDetail, full: boolean, terminal: Terminal): string {
  const paint = paintFor(terminal)
  const ended = delivery.exhausted_because === null ? "" : ` (${delivery.exhausted_because})`
  const head = fields([
    ["delivery", delivery.id],
    ["event", `${delivery.event_id}  ${delivery.event_type}`],
    ["webhook", delivery.webhook_id],
    ["status", `${delivery.status}${ended}`],
    ["sequence", delivery.sequence],
    ["made", `${delivery.created} (${relative(delivery.created, terminal.now())})`],
    ["next attempt", delivery.next_attempt_at],
  ])
  const attempts = delivery.attempts.map(({ number, at, status_code, duration_ms, error, ...sent }) => {
    const outcome =
      error === null ? paint("green", "delivered") : paint("red", `${error.code}: ${safeLine(error.message)}`)
    const lines = [`attempt ${number}  ${at}  ${status_code ?? "---"}  ${duration_ms.toFixed(0)} ms  ${outcome}`]
    if (error !== null) lines.push(`  ${safeLine(error.hint)}`)
    if (full) lines.push(...headerLines("> ", sent.request_headers), ...headerLines("< ", sent.response_headers))
    if (sent.response_body !== "" && (full || error !== null)) {
      lines.push(
        ...safeText(sent.response_body)
          .split("\n")
          .map((text) => `  < ${text}`),
      )
    }
    return lines.join("\n")
  })
  return `${head}\n${attempts.length === 0 ? "No attempt was made yet.\n" : `${attempts.join("\n")}\n`}`
}

function headerLines(mark: string, headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).map(([name, value]) => `  ${mark}${safeLine(name)}: ${safeLine(value)}`)
}

function addRetry(deliveries: Command, terminal: Terminal): void {
  const command = deliveries
    .command("retry")
    .addArgument(new Argument("<delivery...>", "deliveries' ids"))
    .summary("send deliveries again, now")
    .description(
      "Send deliveries again, now. One that had ended gets a fresh window and a fresh budget of attempts. For many of them, see `tocsin replay`.",
    )
    .action(async (ids: readonly string[], options: ConnectionOptions) => {
      const tocsin = connect(options, terminal)
      const retried: Delivery[] = []
      const show = () =>
        present(terminal, options, { data: retried }, () => table(terminal, columns(terminal), retried))
      try {
        for (const id of ids) retried.push(await tocsin.deliveries.retry(id, { signal: terminal.signal }))
      } catch (error) {
        // Those before it are on their way: whoever knows nothing of them sends them once more.
        if (retried.length > 0) show()
        if (ids.length > 1 && options.json !== true) {
          const left = counted(ids.length - retried.length - 1, "delivery", "deliveries")
          terminal.err(`Stopped at ${safeLine(ids[retried.length] ?? "")}; ${left} after it not asked for.\n`)
        }
        throw error
      }
      show()
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["One", "tocsin deliveries retry dlv_0192f0c8a1b2"],
    [
      "All that were given up in a day",
      "tocsin deliveries list --status exhausted --from 24h --limit 200 --json | jq -r '.data[].id' | xargs tocsin deliveries retry",
    ],
  ])
}
