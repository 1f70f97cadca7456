import type { Activity } from "@tocsin/client"
import type { Command } from "commander"
import { covers } from "../../domain/matching.ts"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { collectList } from "../reading/arguments.ts"
import type { Terminal } from "../running/terminal.ts"
import { type Paint, paintFor } from "../showing/colours.ts"
import { line } from "../showing/present.ts"
import { safeLine } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"
import { clockTime } from "../showing/times.ts"

type Options = ConnectionOptions & { readonly events?: readonly string[]; readonly eventsOnly?: boolean }

/** `tocsin events tail`: events and attempts as they happen, until Ctrl-C. */
export function addTail(events: Command, terminal: Terminal): void {
  const command = events
    .command("tail")
    .summary("watch events and attempts as they happen")
    .description(
      "Watch events being accepted and attempts being made, as they happen. Ends with Ctrl-C. A broken connection is made again; what happened meanwhile is in the lists.",
    )
    .option("--events <types>", "of these types only: policy.*,scan.completed", collectList)
    .option("--events-only", "no attempts")
    .action(async (options: Options) => {
      const tocsin = connect(options, terminal)
      const paint = paintFor(terminal)
      const wanted = (activity: Activity) => {
        if (activity.kind === "attempt" && options.eventsOnly === true) return false
        const type = activity.kind === "event" ? activity.event.type : activity.attempt.event_type
        return options.events?.some((subscription) => covers(subscription, type)) ?? true
      }
      let connections = 0
      const onConnected = () => {
        connections += 1
        if (options.json !== true) terminal.err(connections === 1 ? "Watching; Ctrl-C ends.\n" : "Connected again.\n")
      }
      try {
        for await (const activity of tocsin.stream({ signal: terminal.signal, onConnected })) {
          if (!wanted(activity)) continue
          if (options.json === true) line(terminal, activity)
          else terminal.out(told(activity, paint, terminal.now()))
        }
      } catch (error) {
        if (!terminal.signal.aborted) throw error
      }
    })
  withJson(withConnection(command), "print a line of JSON for each")
  withExamples(command, [
    ["Everything", "tocsin events tail"],
    ["Attempts that failed, for a program", "tocsin events tail --json | jq -c 'select(.attempt.error != null)'"],
  ])
}

function told(activity: Activity, paint: Paint, nowMs: number): string {
  const at = paint("dim", clockTime(nowMs))
  if (activity.kind === "event") {
    const { id, type, deliveries } = activity.event
    return `${at}  ${paint("cyan", "event  ")}  ${safeLine(type)}  ${safeLine(id)}  to ${deliveries}\n`
  }
  const { attempt } = activity
  const outcome =
    attempt.error === null
      ? paint("green", `${attempt.status_code} delivered`)
      : paint("red", `${attempt.status_code ?? "---"} ${attempt.error.code}: ${safeLine(attempt.error.message)}`)
  const head = `${at}  attempt  ${safeLine(attempt.event_type)}  ${safeLine(attempt.delivery_id)}  number ${attempt.number}`
  const next = attempt.next_attempt_at === null ? "" : `  again at ${attempt.next_attempt_at}`
  return `${head}  ${outcome}  ${attempt.duration_ms.toFixed(0)} ms${next}\n`
}
