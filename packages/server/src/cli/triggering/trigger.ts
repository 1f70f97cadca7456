import { type Tocsin, TocsinProblem } from "@tocsin/client"
import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { receiptText } from "../events/receipt.ts"
import { collect, wholeNumber } from "../reading/arguments.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { treeOf, treeText } from "./json-tree.ts"
import { applySetting, readSetting } from "./set-values.ts"

type Options = ConnectionOptions & {
  readonly set?: readonly string[]
  readonly count: number
  readonly idempotencyKey?: string
  readonly orderingKey?: string
  readonly print?: boolean
}

/** `tocsin trigger`: publishes an event type's sample, with single values replaced. */
export function addTrigger(program: Command, terminal: Terminal): void {
  const command = program
    .command("trigger")
    .argument("<type>", "an event type of the workspace")
    .summary("publish an event type's sample")
    .description(
      "Publish the sample of an event type, as if it had happened: webhooks that subscribe to it get it. Values keep the type that the sample gives them.",
    )
    .option("-s, --set <path=value>", "replace a value of the sample; may be repeated", collect)
    .option("-c, --count <count>", "publish it so many times", wholeNumber(1, 1_000), 1)
    .option("--idempotency-key <key>", "publish once, however often the command runs")
    .option("--ordering-key <key>", "for webhooks ordered by key")
    .option("--print", "print the data and publish nothing")
    .action(async (type: string, options: Options) => {
      const settings = (options.set ?? []).map(readSetting)
      if (options.idempotencyKey !== undefined && options.count > 1) {
        throw new UsageError("--idempotency-key makes one event of many, so it does not go with --count.")
      }
      const tocsin = connect(options, terminal)
      const { signal } = terminal
      const data = treeOf(await sampleOf(tocsin, type, signal))
      const added = settings.filter((setting) => applySetting(data, setting) === "added")
      // A misspelt name publishes too: catalogues allow fields of your own.
      for (const { path } of added) terminal.err(`tocsin: data.${path.join(".")} is not in the sample; it was added.\n`)
      const dataText = treeText(data)
      if (options.print === true) {
        terminal.out(`${dataText}\n`)
        return
      }
      const publication = {
        type,
        dataText,
        ...(options.idempotencyKey !== undefined && { idempotency_key: options.idempotencyKey }),
        ...(options.orderingKey !== undefined && { ordering_key: options.orderingKey }),
      }
      const receipts = await tocsin.events.publishBatch(
        Array.from({ length: options.count }, () => publication),
        { signal },
      )
      present(terminal, options, { data: receipts }, () => receipts.map((each) => receiptText(terminal, each)).join(""))
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["A violation, as the catalogue shows it", "tocsin trigger policy.violation.created"],
    [
      "One that a filter for high severity keeps out",
      "tocsin trigger policy.violation.created --set data.violation.severity=LOW",
    ],
    [
      "Numbers keep every digit; := sets any JSON",
      "tocsin trigger scan.completed --set data.scan.resources_scanned=9007199254740993 --set 'data.scan.tags:=[\"nightly\"]'",
    ],
  ])
}

/** @throws TocsinProblem that lists the types there are, for one that is not among them. */
async function sampleOf(tocsin: Tocsin, type: string, signal: AbortSignal): Promise<object> {
  try {
    const { sample } = await tocsin.eventTypes.get(type, { signal })
    return sample ?? {}
  } catch (error) {
    if (!(error instanceof TocsinProblem) || error.status !== 404) throw error
    const names: string[] = []
    for await (const { name } of tocsin.eventTypes.list({}, { signal })) names.push(`\n  ${name}`)
    throw new TocsinProblem(
      { ...error, detail: `${type} is no event type of this workspace. These are:${names.join("")}` },
      { cause: error },
    )
  }
}
