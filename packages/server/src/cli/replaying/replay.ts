import { setTimeout as delay } from "node:timers/promises"
import type { DeliveryStatus, Replay, Tocsin } from "@tocsin/client"
import { type Command, Option } from "commander"
import { deliveryStatuses } from "../../domain/delivery.ts"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { collectList } from "../reading/arguments.ts"
import { readMoment } from "../reading/moments.ts"
import type { Terminal } from "../running/terminal.ts"
import { type Say, withBar } from "../showing/bar.ts"
import { present } from "../showing/present.ts"
import { fields } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"

type Options = ConnectionOptions & {
  readonly from: string
  readonly to?: string
  readonly types?: readonly string[]
  readonly statuses?: readonly DeliveryStatus[]
  readonly onlyMissing?: boolean
  readonly wait: boolean
}

const pollMs = 250

/** `tocsin replay`: past events to a webhook again. */
export function addReplay(program: Command, terminal: Terminal): void {
  const moment = (text: string) => readMoment(text, terminal.now())
  const command = program
    .command("replay")
    .argument("<webhook>", "a webhook's id")
    .summary("deliver past events to a webhook again")
    .description(
      "Deliver past events to a webhook again: with their first id and body, in order and within the rate limit. What is still on its way is not sent twice. The job runs at the server, and goes on there when this command is ended.",
    )
    .requiredOption("--from <moment>", "accepted at this moment or later: 15m, 24h, 7d, or an RFC 3339 time", moment)
    .option("--to <moment>", "accepted before this moment; now unless told", moment)
    .option("--types <types>", "of these types only, separated by commas", collectList)
    .addOption(
      new Option("--statuses <statuses...>", "whose last delivery to the webhook is in one of these").choices(
        deliveryStatuses,
      ),
    )
    .option("--only-missing", "only events that never reached the webhook")
    .option("--no-wait", "start the job, and do not wait until all is queued")
    .action(async (webhookId: string, options: Options) => {
      const tocsin = connect(options, terminal)
      const to = options.to ?? new Date(terminal.now()).toISOString()
      const replay = await tocsin.webhooks.replay(
        webhookId,
        {
          from: options.from,
          to,
          ...(options.types !== undefined && { event_types: options.types }),
          ...(options.statuses !== undefined && { statuses: options.statuses }),
          ...(options.onlyMissing === true && { only_missing: true }),
        },
        { signal: terminal.signal },
      )
      const ended = options.wait ? await watched(tocsin, replay, options, terminal) : replay
      present(terminal, options, ended, () => summary(ended))
      if (ended.state === "cancelled") terminal.failed()
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["What was given up in a day", "tocsin replay wh_0192f0c8a1b2 --from 24h --statuses exhausted expired"],
    ["What never arrived in January", "tocsin replay wh_0192f0c8a1b2 --from 2025-01-01 --to 2025-02-01 --only-missing"],
  ])
}

/** `tocsin replays`: jobs that were started before. */
export function addReplays(program: Command, terminal: Terminal): void {
  const replays = program
    .command("replays")
    .summary("replays that were started")
    .description("Replays that were started, here or elsewhere.")
  const show = replays
    .command("show")
    .argument("<replay>", "a replay's id")
    .summary("show how far a replay is")
    .description("Show how far a replay is.")
    .action(async (id: string, options: ConnectionOptions) => {
      const replay = await connect(options, terminal).replays.get(id, { signal: terminal.signal })
      present(terminal, options, replay, () => summary(replay))
    })
  withJson(withConnection(show))
  withExamples(show, [["How far is it?", "tocsin replays show rpl_0192f0c8a1b2"]])
  const cancel = replays
    .command("cancel")
    .argument("<replay>", "a replay's id")
    .summary("end a replay; what it has queued is still delivered")
    .description("End a replay. What it has queued is still delivered.")
    .action(async (id: string, options: ConnectionOptions) => {
      const replay = await connect(options, terminal).replays.cancel(id, { signal: terminal.signal })
      present(terminal, options, replay, () => summary(replay))
    })
  withJson(withConnection(cancel))
  withExamples(cancel, [["It was the wrong month", "tocsin replays cancel rpl_0192f0c8a1b2"]])
}

/** Follows a replay to its end; on Ctrl-C it goes on at the server. */
async function watched(tocsin: Tocsin, started: Replay, options: Options, terminal: Terminal): Promise<Replay> {
  let replay = started
  const { signal } = terminal
  const follow = async (say: Say) => {
    for (;;) {
      say(replay.progress.share, 1)
      if (replay.state !== "running") return replay
      await delay(pollMs, undefined, { signal })
      replay = await tocsin.replays.get(replay.id, { signal })
    }
  }
  const figures = () => replayFigures(replay)
  try {
    return await withBar(terminal, options, `Queueing events for ${started.webhook_id}`, follow, figures)
  } catch (error) {
    // Also when the server went away: whoever does not know of it starts another, and all is sent twice.
    if (signal.aborted || options.json !== true) {
      terminal.err(`The replay goes on: \`tocsin replays show ${replay.id}\`, or \`cancel\` it.\n`)
    }
    throw error
  }
}

/** What stands beside the bar of a replay. */
export function replayFigures({ progress }: Pick<Replay, "progress">): string {
  return `${progress.examined} examined, ${progress.enqueued} queued`
}

function summary({ id, webhook_id, from, to, state, progress }: Replay): string {
  return fields([
    ["replay", id],
    ["webhook", webhook_id],
    ["events", `accepted from ${from} to ${to}`],
    ["state", state],
    ["examined", progress.examined],
    ["queued", progress.enqueued],
  ])
}
