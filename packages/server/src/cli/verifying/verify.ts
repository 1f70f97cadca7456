import { TocsinProblem } from "@tocsin/client"
import { type Command, Option } from "commander"
import { type ProfileName, profileNames } from "../../domain/workspace.ts"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { collect, collectHeader, wholeNumber } from "../reading/arguments.ts"
import { readContent } from "../reading/content.ts"
import { readMoment } from "../reading/moments.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { type Paint, paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { safeLine } from "../showing/safe-text.ts"
import { withExamples } from "../showing/teaching.ts"
import { type Captured, type CapturedHeaders, headerValues, readHeaders, readRequest } from "./captured-request.ts"
import { type Diagnosis, diagnose } from "./diagnose.ts"

type Options = ConnectionOptions & {
  readonly secret?: readonly string[]
  readonly headers?: string
  readonly header?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly request?: string
  readonly profile?: ProfileName
  readonly at?: string
  readonly tolerance: number
  readonly compare?: boolean
}

/** `tocsin verify`: what is wrong with a captured request. */
export function addVerify(program: Command, terminal: Terminal): void {
  const command = program
    .command("verify")
    .summary("check a captured request, and say what is wrong with it")
    .description(
      "Check the signatures of a request that a receiver captured, and say exactly what is wrong: the secret, the body, the clock, a header. Nothing leaves this machine, unless --compare asks the server. Exit code 0: the request is good; 1: it is not.",
    )
    .option("--secret <secret>", "the webhook's (else WEBHOOK_SECRET); may be repeated during a rotation", collect)
    .option("--headers <file>", 'its headers: "Name: value" lines or JSON; - for standard input')
    .option("-H, --header <header>", '"Name: value"; may be repeated', collectHeader)
    .option("--body <file>", "its raw body; standard input unless told")
    .option("--request <file>", "headers and body in one, as they came over the wire")
    .addOption(new Option("--profile <profile>", "whose it is; else told from its headers").choices(profileNames))
    .option("--at <moment>", "when it came: 15m, or an RFC 3339 time; now unless told", (text) =>
      readMoment(text, terminal.now()),
    )
    .option("--tolerance <seconds>", "by which clocks may differ", wholeNumber(0, 86_400), 300)
    .option("--compare", "fetch the event from the server and compare its body")
    .action(async (options: Options) => {
      const secrets = secretsGiven(options, terminal)
      const captured = await readCaptured(options, terminal)
      const sentBody = options.compare === true ? await sentBodyOf(captured, options, terminal) : null
      const diagnosis = diagnose(captured, {
        secrets,
        profile: options.profile ?? null,
        atMs: options.at === undefined ? terminal.now() : Date.parse(options.at),
        toleranceSeconds: options.tolerance,
        sentBody,
      })
      present(terminal, options, diagnosis, () => told(diagnosis, paintFor(terminal)))
      if (!diagnosis.valid) terminal.failed()
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["Headers and body in files", "tocsin verify --secret your-webhook-secret --headers headers.txt --body body.json"],
    [
      "One header, the body from elsewhere",
      'tocsin verify --secret your-webhook-secret -H "X-CyberVault-Signature: 5d41…" < body.json',
    ],
    [
      "A request that was captured yesterday, compared with what was sent",
      "tocsin verify --request captured.http --at 24h --compare",
    ],
  ])
}

function secretsGiven({ secret }: Options, { environment }: Terminal): readonly string[] {
  const secrets = secret ?? (environment.WEBHOOK_SECRET ? [environment.WEBHOOK_SECRET] : [])
  if (secrets.length === 0 || secrets.some((each) => each === "")) {
    throw new UsageError("No secret was given. Give --secret, or set WEBHOOK_SECRET.")
  }
  return secrets
}

async function readCaptured(options: Options, terminal: Terminal): Promise<Captured> {
  const { request, headers: file, header = [], body } = options
  if (request !== undefined) {
    if (file !== undefined || body !== undefined) {
      throw new UsageError("--request holds headers and body; give --headers and --body without it.")
    }
    const captured = readRequest(await readContent(request, terminal))
    return { headers: [...captured.headers, ...header], body: captured.body }
  }
  if (file === "-" && (body === undefined || body === "-")) {
    throw new UsageError(
      "Headers and body cannot both come from standard input. Put one in a file, or give --request -.",
    )
  }
  if (file === undefined && header.length === 0) {
    throw new UsageError("No headers were given. Give --headers <file>, -H for each, or --request <file>.")
  }
  const read: CapturedHeaders =
    file === undefined ? [] : readHeaders((await readContent(file, terminal)).toString("utf8"))
  return { headers: [...read, ...header], body: await readContent(body ?? "-", terminal) }
}

/** The event's body as the server has it. Null, with a word about it, where the server has it no more. */
async function sentBodyOf({ headers }: Captured, options: Options, terminal: Terminal): Promise<string | null> {
  const id = headerValues(headers, "webhook-id")[0]
  if (id === undefined) throw new UsageError("--compare needs the header webhook-id, which names the event.")
  try {
    return (await connect(options, terminal).events.get(id, { signal: terminal.signal })).payload
  } catch (error) {
    // A test's payload is not kept, and events are forgotten after a while.
    if (!(error instanceof TocsinProblem) || error.status !== 404) throw error
    terminal.err(`The server does not have ${safeLine(id)}: a test's payload, or too old. Nothing to compare with.\n`)
    return null
  }
}

function told({ valid, profile, checks, findings }: Diagnosis, paint: Paint): string {
  const lines = [
    valid
      ? paint("green", `The request is good (profile ${profile}).`)
      : paint("red", `The request is not good (profile ${profile}).`),
    "",
    ...checks.map(
      ({ header, outcome }) => `  ${paint(outcome === "valid" ? "green" : "red", outcome.padEnd(9))}  ${header}`,
    ),
  ]
  for (const { code, weight, certain, message, remedy, header, details } of findings) {
    const at = header === null ? "" : ` (${header})`
    lines.push(
      "",
      `${paint(weight === "problem" ? "red" : "yellow", code)}${at}: ${certain ? "" : "probably: "}${message}`,
      ...details.map((detail) => `  - ${safeLine(detail)}`),
      `  ${remedy}`,
    )
  }
  return `${lines.join("\n")}\n`
}
