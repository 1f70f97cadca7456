import { setTimeout as delay } from "node:timers/promises"
import type { EventDetail, Session } from "@tocsin/client"
import { type Command, InvalidArgumentError } from "commander"
import { covers } from "../../domain/matching.ts"
import { profileByName } from "../../profiles/by-name.ts"
import { secretRefusal } from "../../profiles/secret-rule.ts"
import { type ConnectionOptions, connect, keyGiven, withConnection, withJson } from "../calling/connection.ts"
import { collectHeader, collectList, numberWithin } from "../reading/arguments.ts"
import { httpUrl } from "../reading/http-url.ts"
import { exitNameOf } from "../running/exit-codes.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { line } from "../showing/present.ts"
import { safeLine, safeText } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"
import { clockTime } from "../showing/times.ts"
import { type Forwarded, Forwarding } from "./forwarding.ts"
import { incomingEvents } from "./incoming-events.ts"
import { listeningSecret } from "./listening-secret.ts"

/** After what the client has tried by itself, some four seconds. */
const askAgainMs = 1_000

type Options = ConnectionOptions & {
  readonly forwardTo?: string
  readonly events?: readonly string[]
  readonly print?: boolean
  readonly secret?: string
  readonly header?: readonly (readonly [string, string])[]
  readonly timeout?: number
  readonly printSecret?: boolean
}

/** `tocsin listen`: a workspace's events on a developer's machine. */
export function addListen(program: Command, terminal: Terminal): void {
  const command = program
    .command("listen")
    .summary("receive a workspace's events here, with no public address")
    .description(
      "Receive a workspace's events here, with no public address: each is fetched, signed with a secret of its own and posted to your receiver with the profile's exact headers, one after another. No webhook is registered, and nothing is tried twice. Ends with Ctrl-C. A broken connection is made again, and what was accepted meanwhile is looked up.",
    )
    .option("-f, --forward-to <url>", "your receiver, such as http://localhost:3000/hook", readUrl)
    .option("--events <types>", "of these types only: policy.*,scan.completed", collectList)
    .option("-p, --print", "print each event's body, and the headers it is forwarded with")
    .option("--secret <secret>", "sign with this one; else with one of the key's and workspace's, always the same")
    .option("--print-secret", "print the secret and end")
    .option("-H, --header <header>", '"Name: value", sent too; may be repeated', collectHeader)
    .option("--timeout <seconds>", "for each request; the profile's unless told", numberWithin(1, 600))
    .action((options: Options) => listen(options, terminal))
  withJson(withConnection(command), "print a line of JSON for each")
  withExamples(command, [
    ["To a receiver on this machine", "tocsin listen --forward-to http://localhost:3000/hook"],
    ["Only some of them, with what is sent", "tocsin listen -f http://localhost:3000/hook --events 'policy.*' --print"],
    ["The secret, for the receiver's settings", "export WEBHOOK_SECRET=$(tocsin listen --print-secret)"],
    ["Just look", "tocsin listen --print"],
  ])
}

async function listen(options: Options, terminal: Terminal): Promise<void> {
  const { forwardTo, events: wanted, signal } = { ...options, signal: terminal.signal }
  if (forwardTo === undefined && options.print !== true && options.printSecret !== true) {
    throw new UsageError("Nothing to do with the events: give --forward-to <url>, --print, or both.")
  }
  const refusal = options.secret === undefined ? null : secretRefusal(options.secret)
  if (refusal !== null) throw new UsageError(`--secret: ${refusal}`)
  const tocsin = connect(options, terminal)
  const session = await tocsin.sessions.current({ signal })
  const secret = options.secret ?? listeningSecret(keyGiven(options, terminal) ?? "", session.workspace.id)
  if (options.printSecret === true) {
    terminal.out(`${secret}\n`)
    return
  }
  const profile = profileByName(session.workspace.profile)
  // Where a developer says that it shall go, it may go.
  const { openSender } = await import("../../send/undici-sender.ts")
  const sender = openSender({ allowedTargets: { hostListed: () => true, addressListed: () => true } })
  const forwarding =
    forwardTo === undefined
      ? null
      : new Forwarding(sender, profile, {
          url: forwardTo,
          secret,
          headers: Object.fromEntries(options.header ?? []),
          timeoutMs: (options.timeout ?? profile.timeoutSeconds.default) * 1000,
        })
  const onConnected = (again: boolean) => sayConnected({ again, session, secret, options, terminal })
  try {
    for await (const { id, type } of incomingEvents(tocsin, { signal, onConnected })) {
      if (wanted !== undefined && !wanted.some((subscription) => covers(subscription, type))) continue
      const event = await whileAway(() => tocsin.events.get(id, { signal }), signal)
      const forwarded = (await forwarding?.forward(event, event.payload, terminal.now())) ?? null
      say(event, forwarded, options, terminal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await sender.close()
  }
}

/**
 * Asks until the server answers. The stream waits for a server that is away, and so do the events that it has told of: each
 * of them is forwarded, however many were waiting when it went.
 */
async function whileAway<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (signal.aborted || exitNameOf(error) !== "unreachable") throw error
      await delay(askAgainMs, undefined, { signal })
    }
  }
}

type Connected = {
  readonly again: boolean
  readonly session: Session
  readonly secret: string
  readonly options: Options
  readonly terminal: Terminal
}

function sayConnected({ again, session, secret, options, terminal }: Connected): void {
  const { workspace } = session
  const forwardTo = options.forwardTo ?? null
  if (options.json === true) {
    const { id, name, profile } = workspace
    const signed = forwardTo === null ? null : secret
    line(terminal, {
      kind: "listening",
      again,
      workspace: { id, name, profile },
      forward_to: forwardTo,
      secret: signed,
    })
    return
  }
  if (again) {
    terminal.err("Connected again; what was missed is looked up.\n")
    return
  }
  const paint = paintFor(terminal)
  const where = forwardTo === null ? "" : `, forwarded to ${forwardTo}`
  terminal.out(`Listening to ${safeLine(workspace.name)} (${workspace.profile})${where}. Ctrl-C ends.\n`)
  if (forwardTo !== null) terminal.out(`Signed with ${paint("bold", secret)}\n`)
}

function say(event: EventDetail, forwarded: Forwarded | null, options: Options, terminal: Terminal): void {
  const { id, type, created, payload } = event
  if (options.json === true) {
    const outcome = forwarded === null ? null : withoutHeaders(forwarded, options.print === true)
    line(terminal, {
      kind: "event",
      event: { id, type, created, ...(options.print === true && { payload }) },
      forwarded: outcome,
    })
    return
  }
  const paint = paintFor(terminal)
  const head = `${paint("dim", clockTime(terminal.now()))}  ${safeLine(type)}  ${safeLine(id)}`
  const lines = [forwarded === null ? head : `${head}  ->  ${outcomeText(forwarded, terminal)}`]
  if (forwarded?.error) {
    const { code, message, hint } = forwarded.error
    lines.push(`  ${code}: ${safeLine(message)}`, `  ${safeLine(hint)}`)
    if (forwarded.response_body !== "") {
      lines.push(
        ...safeText(forwarded.response_body)
          .split("\n")
          .slice(0, 20)
          .map((text) => `  < ${text}`),
      )
    }
  }
  if (options.print === true) {
    const headers = Object.entries(forwarded?.request_headers ?? {})
    lines.push(...headers.map(([name, value]) => `  > ${safeLine(name)}: ${safeLine(value)}`))
    lines.push(
      ...safeText(payload)
        .split("\n")
        .map((text) => (forwarded === null ? text : `  > ${text}`)),
      "",
    )
  }
  terminal.out(`${lines.join("\n")}\n`)
}

function outcomeText({ delivered, status_code, duration_ms }: Forwarded, terminal: Terminal): string {
  const status = status_code ?? "no answer"
  return `${paintFor(terminal)(delivered ? "green" : "red", String(status))}  ${duration_ms} ms`
}

function withoutHeaders({ request_headers, ...forwarded }: Forwarded, kept: boolean) {
  return kept ? { ...forwarded, request_headers } : forwarded
}

function readUrl(text: string): string {
  const url = httpUrl(text)
  if (url === null) throw new InvalidArgumentError("Give a URL, such as http://localhost:3000/hook.")
  return url.href
}
