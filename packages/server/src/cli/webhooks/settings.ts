import type { Filters, WebhookChange } from "@tocsin/client"
import { type Command, InvalidArgumentError, Option } from "commander"
import { collect, collectHeader, collectList, numberWithin, wholeNumber } from "../reading/arguments.ts"
import { readGiven } from "../reading/content.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"

export type SettingOptions = {
  readonly events?: readonly string[]
  readonly secret?: string
  readonly description?: string
  readonly filter?: readonly string[]
  readonly header?: readonly (readonly [string, string])[]
  readonly ordering?: "strict" | "by_key" | "none"
  readonly timeout?: number
  readonly maxAttempts?: number
  readonly backoff?: number
  readonly initialDelay?: number
  readonly rateLimit?: { readonly requests: number; readonly per_seconds: number }
  readonly verification?: boolean
  readonly settings?: string
}

const criteria = ["severity", "environments", "cloud_providers"] as const

/** The options that `create` and `update` share. */
export function withSettings(command: Command): Command {
  return command
    .option("--events <types>", "event types, families (policy.*) or *; may be repeated", collectList)
    .option("--secret <secret>", "8 to 256 printable characters")
    .option("--description <text>", "for people")
    .option("--filter <criterion=values>", `${criteria.join(", ")}; may be repeated`, collect)
    .option("-H, --header <header>", '"Name: value", sent with each request; may be repeated', collectHeader)
    .addOption(new Option("--ordering <ordering>", "what waits for what").choices(["strict", "by_key", "none"]))
    .option("--timeout <seconds>", "for a whole attempt", numberWithin(1, 3_600))
    .option("--max-attempts <count>", "before a delivery is given up", wholeNumber(1, 20))
    .option("--backoff <factor>", "by which each delay grows", numberWithin(1, 10))
    .option("--initial-delay <seconds>", "before the second attempt", numberWithin(1, 3_600))
    .option("--rate-limit <requests/seconds>", "100/1: at most 100 attempts a second", readRateLimit)
    .option("--verification", "send nothing before the endpoint has answered a test")
    .option("--no-verification", "ask for no verification")
    .option("--settings <json>", "any settings, as the API takes them (authorization, tls, …): JSON, @file, or -")
}

/** What was given, as the API takes it; what was not is left out. @throws UsageError */
export async function settingsGiven(options: SettingOptions, terminal: Terminal): Promise<WebhookChange> {
  const retry = {
    ...(options.maxAttempts !== undefined && { max_attempts: options.maxAttempts }),
    ...(options.backoff !== undefined && { backoff_multiplier: options.backoff }),
    ...(options.initialDelay !== undefined && { initial_delay_seconds: options.initialDelay }),
  }
  return {
    ...(options.settings !== undefined && readSettings(await readGiven(options.settings, terminal))),
    ...(options.events !== undefined && { events: options.events }),
    ...(options.secret !== undefined && { secret: options.secret }),
    ...(options.description !== undefined && { description: options.description }),
    ...(options.filter !== undefined && { filters: readFilters(options.filter) }),
    ...(options.header !== undefined && { headers: Object.fromEntries(options.header) }),
    ...(options.ordering !== undefined && { ordering: options.ordering }),
    ...(options.timeout !== undefined && { timeout_seconds: options.timeout }),
    ...(Object.keys(retry).length > 0 && { retry_config: retry }),
    ...(options.rateLimit !== undefined && { rate_limit: options.rateLimit }),
    ...(options.verification !== undefined && { verification: { enabled: options.verification } }),
  }
}

/** @throws UsageError for what is no JSON object. Its members are the server's to check: it knows what there is. */
function readSettings(text: string): WebhookChange {
  try {
    const settings: unknown = JSON.parse(text)
    if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return settings
  } catch {
    // Told below: which of the two it is makes no difference.
  }
  throw new UsageError(
    "--settings is not a JSON object. Give settings as the API takes them, such as '{\"tls\": null}'.",
  )
}

/** Reads `severity=HIGH,CRITICAL`. @throws UsageError */
export function readFilters(given: readonly string[]): Filters {
  const filters: { [Name in (typeof criteria)[number]]?: string[] } = {}
  for (const text of given) {
    const [name, list] = text.split(/=(.*)/s)
    const criterion = criteria.find((each) => each === name)
    const values = (list ?? "").split(",").flatMap((value) => value.trim() || [])
    if (criterion === undefined || values.length === 0) {
      throw new UsageError(
        `--filter ${JSON.stringify(text)}: write it as severity=HIGH,CRITICAL; there are ${criteria.join(", ")}.`,
      )
    }
    filters[criterion] = [...(filters[criterion] ?? []), ...values]
  }
  return filters
}

function readRateLimit(text: string) {
  const [requests, seconds] = text.split("/").map(Number)
  if (!/^\d{1,6}\/\d{1,5}$/.test(text) || !requests || !seconds) {
    throw new InvalidArgumentError("Give it as requests/seconds, such as 100/1.")
  }
  return { requests, per_seconds: seconds }
}
