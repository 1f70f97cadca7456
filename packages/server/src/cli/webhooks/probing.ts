import type { Probe } from "@tocsin/client"
import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { safeLine, safeText } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"

export function addTest(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("test")
    .argument("<webhook>", "a webhook's id")
    .summary("send a test event now")
    .description(
      "Send a test event now, outside the queue, and show what the endpoint answers. Exit code 1 when it does not accept it.",
    )
    .option("--type <type>", "the event type whose sample is sent; else one that the webhook subscribes to")
    .option("--full", "with headers and bodies")
    .action(async (id: string, options: ConnectionOptions & { readonly type?: string; readonly full?: boolean }) => {
      const probe = await connect(options, terminal).webhooks.test(
        id,
        options.type === undefined ? {} : { event_type: options.type },
        { signal: terminal.signal },
      )
      present(terminal, options, probe, () => probeText(probe, options.full === true, terminal))
      if (!probe.delivered) terminal.failed()
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Does it answer?", "tocsin webhooks test wh_0192f0c8a1b2"],
    ["As a check in a pipeline", "tocsin webhooks test wh_0192f0c8a1b2 --type scan.completed --json | jq .delivered"],
  ])
}

export function addVerify(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("verify")
    .argument("<webhook>", "a webhook's id")
    .summary("verify an endpoint, and send what was held")
    .description(
      "Send the verification payload. When the endpoint accepts it the webhook is verified, and what was held for it is sent.",
    )
    .option("--full", "with headers and bodies")
    .action(async (id: string, options: ConnectionOptions & { readonly full?: boolean }) => {
      const answer = await connect(options, terminal).webhooks.verify(id, { signal: terminal.signal })
      present(
        terminal,
        options,
        answer,
        () => `${probeText(answer, options.full === true, terminal)}The webhook is ${answer.status}.\n`,
      )
      if (!answer.delivered) terminal.failed()
    })
  withJson(withConnection(command))
  withExamples(command, [["After the receiver was set up", "tocsin webhooks verify wh_0192f0c8a1b2"]])
}

function probeText(
  { delivered, status_code, duration_ms, error, request, response }: Probe,
  full: boolean,
  terminal: Terminal,
) {
  const paint = paintFor(terminal)
  const head = delivered ? paint("green", "accepted") : paint("red", "not accepted")
  const lines = [`${head}  ${status_code ?? "no answer"}  ${duration_ms.toFixed(0)} ms`]
  if (error !== null) lines.push(`${error.code}: ${safeLine(error.message)}`, `  ${safeLine(error.hint)}`)
  if (full) {
    lines.push("", ...Object.entries(request.headers).map(([name, value]) => `> ${safeLine(name)}: ${safeLine(value)}`))
    lines.push(
      ">",
      ...safeText(request.body)
        .split("\n")
        .map((text) => `> ${text}`),
    )
  }
  if (response !== null && (full || !delivered)) {
    if (full) {
      lines.push(
        "",
        ...Object.entries(response.headers).map(([name, value]) => `< ${safeLine(name)}: ${safeLine(value)}`),
      )
    }
    if (response.body !== "")
      lines.push(
        ...safeText(response.body)
          .split("\n")
          .map((text) => `< ${text}`),
      )
  }
  return `${lines.join("\n")}\n`
}
