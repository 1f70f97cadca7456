import type { Event, EventMatch } from "@tocsin/client"
import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { type ListOptions, listed, withPaging } from "../calling/listings.ts"
import { readGiven } from "../reading/content.ts"
import { readMoment } from "../reading/moments.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { safeText } from "../showing/safe-text.ts"
import { type Column, fields, table } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"
import { relative } from "../showing/times.ts"
import { receiptText } from "./receipt.ts"
import { addTail } from "./tail.ts"

/** `tocsin events`: what was published. */
export function addEvents(program: Command, terminal: Terminal): void {
  const events = program.command("events").summary("what was published").description("What was published.")
  addTail(events, terminal)
  addList(events, terminal)
  addShow(events, terminal)
  addPublish(events, terminal)
}

type Listing = ConnectionOptions &
  ListOptions & { readonly type?: string; readonly from?: string; readonly to?: string; readonly text?: string }

function addList(events: Command, terminal: Terminal): void {
  const moment = (text: string) => readMoment(text, terminal.now())
  const command = events
    .command("list")
    .summary("list events, newest first")
    .description("List events, newest first.")
    .option("--type <type>", "of this type only")
    .option("--from <moment>", "accepted at this moment or later: 15m, 24h, 7d, or an RFC 3339 time", moment)
    .option("--to <moment>", "accepted before this moment", moment)
    .option("--text <text>", "whose payload holds this text")
    .action(async ({ type, from, to, text, ...options }: Listing) => {
      const tocsin = connect(options, terminal)
      const found = await listed(
        (page) => tocsin.events.list({ type, from, to, text, ...page }, { signal: terminal.signal }),
        options,
      )
      const columns: Column<Event>[] = [
        { title: "event", cell: ({ id }) => id },
        { title: "type", cell: (event) => event.type },
        { title: "accepted", cell: ({ accepted }) => relative(accepted, terminal.now()) },
        { title: "severity", cell: ({ attributes }) => attributes.severity ?? null },
        { title: "deliveries", cell: ({ deliveries }) => deliveries },
      ]
      present(terminal, options, found, () =>
        found.data.length === 0 ? "No events.\n" : table(terminal, columns, found.data),
      )
    })
  withJson(withConnection(withPaging(command)))
  withExamples(command, [
    ["The violations of the last hour", "tocsin events list --type policy.violation.created --from 1h"],
    ["Every id of a day, for a script", "tocsin events list --from 24h --limit 10000 --json | jq -r '.data[].id'"],
  ])
}

function addShow(events: Command, terminal: Terminal): void {
  const command = events
    .command("show")
    .argument("<event>", "an event's id")
    .summary("show an event, and which webhooks it went to")
    .description(
      "Show an event: its payload as receivers get it, which webhooks it went to, and why not to the others.",
    )
    .option("--payload", "print the payload alone, byte for byte")
    .action(async (id: string, options: ConnectionOptions & { readonly payload?: boolean }) => {
      const tocsin = connect(options, terminal)
      const { signal } = terminal
      const event = await tocsin.events.get(id, { signal })
      if (options.payload === true) {
        terminal.out(event.payload)
        return
      }
      const matches = await tocsin.events.matches(id, { signal })
      present(terminal, options, { ...event, matches }, () =>
        [
          fields([
            ["event", event.id],
            ["type", event.type],
            ["created", event.created],
            ["accepted", `${event.accepted} (${relative(event.accepted, terminal.now())})`],
            ["idempotency key", event.idempotency_key],
            ["ordering key", event.ordering_key],
          ]),
          "\n",
          matches.length === 0 ? "There are no webhooks.\n" : table(terminal, matchColumns, matches),
          `\n${safeText(event.payload)}\n`,
        ].join(""),
      )
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Why did my webhook not get it?", "tocsin events show evt_0192f0c8a1b2"],
    ["The exact bytes that were signed", "tocsin events show evt_0192f0c8a1b2 --payload > body.json"],
  ])
}

const matchColumns: readonly Column<EventMatch>[] = [
  { title: "webhook", cell: ({ webhook_id }) => webhook_id },
  { title: "url", cell: ({ url, description }) => url ?? description ?? "" },
  { title: "outcome", cell: outcomeOf },
  { title: "deliveries", cell: ({ deliveries }) => deliveries.map(({ id, status }) => `${id} ${status}`).join(", ") },
]

function outcomeOf({ outcome, criterion, value, wanted }: EventMatch): string {
  switch (outcome) {
    case "sent":
      return "sent"
    case "event_type":
      return `not subscribed to the type (to ${wanted.join(", ")})`
    case "about_itself":
      return "it tells of this webhook's own trouble"
    case "filter":
      return `kept out by ${criterion}: ${value ?? "none"} is not in ${wanted.join(", ")}`
    case "created_later":
      return "the webhook is younger than the event"
    case "changed_since":
      return "it would match now, and did not then"
  }
}

type Publishing = ConnectionOptions & {
  readonly data: string
  readonly idempotencyKey?: string
  readonly orderingKey?: string
  readonly created?: string
}

function addPublish(events: Command, terminal: Terminal): void {
  const command = events
    .command("publish")
    .argument("<type>", "an event type of the workspace")
    .summary("publish an event")
    .description(
      "Publish an event. The command ends once the event and its deliveries are on disk. The data reaches receivers as it is written.",
    )
    .requiredOption("-d, --data <json>", "a JSON object, @file, or - for standard input")
    .option("--idempotency-key <key>", "the same key again publishes nothing new")
    .option("--ordering-key <key>", "for webhooks ordered by key")
    .option("--created <moment>", "when it happened, if not now", (text: string) => readMoment(text, terminal.now()))
    .action(async (type: string, options: Publishing) => {
      const dataText = (await readGiven(options.data, terminal)).trim()
      const tocsin = connect(options, terminal)
      const publication = {
        type,
        dataText,
        ...(options.idempotencyKey !== undefined && { idempotency_key: options.idempotencyKey }),
        ...(options.orderingKey !== undefined && { ordering_key: options.orderingKey }),
        ...(options.created !== undefined && { created: options.created }),
      }
      const receipt = await tocsin.events.publish(publication, { signal: terminal.signal }).catch((error: unknown) => {
        if (!(error instanceof TypeError)) throw error
        throw new UsageError("--data is not a JSON object. Give the event's data, without its envelope.", {
          cause: error,
        })
      })
      present(terminal, options, receipt, () => receiptText(terminal, receipt))
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["From a file", "tocsin events publish scan.completed --data @scan.json"],
    [
      "From a program's output, and once however often it is run",
      "./scan.sh | tocsin events publish scan.completed --data - --idempotency-key scan-2025-01-31",
    ],
  ])
}
