import type { Webhook, WebhookStats } from "@tocsin/client"
import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { fields } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"
import { relative } from "../showing/times.ts"
import { statusOf } from "./list.ts"

type Options = ConnectionOptions & { readonly secret?: boolean; readonly window?: string }

export function addShow(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("show")
    .argument("<webhook>", "a webhook's id")
    .summary("show a webhook's settings and how it fares")
    .description("Show a webhook's settings and how it fares.")
    .option("--window <length>", "what the figures cover: 30m, 24h, 7d", "24h")
    .option("--secret", "with the secret, which is written to the audit log")
    .action(async (id: string, options: Options) => {
      const tocsin = connect(options, terminal)
      const { signal } = terminal
      const [webhook, stats] = await Promise.all([
        tocsin.webhooks.get(id, { signal }),
        tocsin.webhooks.stats(id, { window: options.window, points: 1 }, { signal }),
      ])
      const revealed = options.secret === true ? await tocsin.webhooks.secret(id, { signal }) : null
      present(terminal, options, { ...webhook, stats, ...(revealed && { secret: revealed }) }, () =>
        [
          settingsText(webhook, terminal),
          `\nIn the last ${stats.window}:\n`,
          statsText(stats),
          revealed === null ? "" : `\nsecret: ${revealed.secret}\n`,
          revealed?.previous ? `until ${revealed.previous.valid_until} also: ${revealed.previous.secret}\n` : "",
        ].join(""),
      )
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["How did it fare this week?", "tocsin webhooks show wh_0192f0c8a1b2 --window 7d"],
    [
      "The secret, for a receiver's settings",
      "tocsin webhooks show wh_0192f0c8a1b2 --secret --json | jq -r .secret.secret",
    ],
  ])
}

/** A webhook's settings, as a person reads them. */
export function settingsText(webhook: Webhook, terminal: Terminal): string {
  const { retry_config: retry, rate_limit: rate, verification } = webhook
  return fields([
    ["webhook", webhook.id],
    ["url", webhook.url],
    ["status", statusOf(webhook)],
    ["description", webhook.description],
    ["events", webhook.events.join(", ")],
    ["filters", filtersText(webhook.filters)],
    ["ordering", webhook.ordering],
    ["timeout", `${webhook.timeout_seconds} s`],
    [
      "retries",
      retry.max_attempts === 1
        ? "none"
        : `${retry.max_attempts} attempts, from ${retry.initial_delay_seconds} s on, times ${retry.backoff_multiplier}`,
    ],
    ["rate limit", rate === null ? null : `${rate.requests} in ${rate.per_seconds} s`],
    ["headers", headersText(webhook.headers)],
    ["authorization", webhook.authorization?.type ?? null],
    ["certificates", webhook.tls === null ? null : Object.keys(webhook.tls).join(", ")],
    ["verification", verification.enabled ? `verified ${verification.verified_at ?? "not yet"}` : "not asked for"],
    ["backlog", webhook.backlog],
    ["last success", relative(webhook.last_success_at, terminal.now())],
    ["created", webhook.created],
  ])
}

function filtersText(filters: Webhook["filters"]): string | null {
  const given = Object.entries(filters ?? {}).filter(([, values]) => values !== undefined && values.length > 0)
  return given.length === 0 ? null : given.map(([name, values]) => `${name} ${values?.join(", ")}`).join("; ")
}

function headersText(headers: Webhook["headers"]): string | null {
  const given = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return given.length === 0 ? null : given.join("; ")
}

function statsText({ by_status, attempts, success_rate, latency_ms }: WebhookStats): string {
  const counted = Object.entries(by_status).filter(([, count]) => count > 0)
  return fields([
    ["deliveries", counted.map(([status, count]) => `${count} ${status}`).join(", ") || "none"],
    ["attempts", `${attempts.succeeded} succeeded, ${attempts.failed} failed`],
    ["success rate", success_rate === null ? null : `${(success_rate * 100).toFixed(1)} %`],
    [
      "latency",
      latency_ms === null
        ? null
        : `p50 ${whole(latency_ms.p50)} ms, p95 ${whole(latency_ms.p95)} ms, p99 ${whole(latency_ms.p99)} ms`,
    ],
  ])
}

function whole(value: number): string {
  return value.toFixed(0)
}
