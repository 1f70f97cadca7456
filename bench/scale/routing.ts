import { asId, type WebhookId, type WorkspaceId } from "../../packages/server/src/domain/ids.ts"
import type { Attributes, Webhook } from "../../packages/server/src/domain/webhook.ts"
import { compileRouting } from "../../packages/server/src/registry/routing.ts"
import { plainWebhook } from "../../packages/server/test/plain-webhook.ts"
import { median } from "../figures/statistics.ts"
import { atMost } from "../figures/target.ts"
import { eventType } from "../load/payload.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"

const routeMaxUs = 50
const severities = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
const clouds = ["aws", "azure", "gcp"]

/** What routing costs an event in the process itself, with more and more webhooks that are selective each in its way. */
export const routing: ScaleBenchmark = async (parts) => {
  const sizes = [10, 100, 1_000, 3_000, sized(10_000, parts, 10_000)]
  const points: {
    readonly webhooks: number
    readonly us: number
    readonly found: number
    readonly compileMs: number
  }[] = []
  for (const webhooks of sizes) {
    parts.say(`routing with ${webhooks} webhooks`)
    points.push({ webhooks, ...measure(webhooks, sized(200_000, parts, 20_000)) })
  }
  const last = points.at(-1)
  return {
    what: "Webhooks that each take one environment, which ten share, some severities and some clouds; events of all kinds in turn. Medians over slices of 1,000 events.",
    figures: Object.fromEntries(
      points.flatMap(({ webhooks, us, found, compileMs }) => [
        [`usWith${webhooks}`, us],
        [`matchesWith${webhooks}`, found],
        [`compileMsWith${webhooks}`, compileMs],
      ]),
    ),
    curves: [
      {
        name: "routing",
        title: "What routing costs an event",
        note: "All subscribe to the event's type; filters pick those it goes to",
        xLabel: "webhooks",
        yLabel: "µs an event",
        series: [{ label: "routing", points: points.map(({ webhooks, us }) => [webhooks, us] as const) }],
        bound: { y: routeMaxUs, label: `at most ${routeMaxUs} µs` },
      },
    ],
    targets: [atMost(`routing with ${last?.webhooks} webhooks`, last?.us ?? Number.NaN, routeMaxUs, " µs")],
  }
}

function measure(webhooks: number, events: number): { us: number; found: number; compileMs: number } {
  const environments = Math.max(1, Math.floor(webhooks / 10))
  const route = compileRouting(Array.from({ length: webhooks }, (_, number) => selective(number, environments)))
  const compilingMs = performance.now()
  route(eventType, attributesOf(0, environments))
  const compileMs = performance.now() - compilingMs
  const slices: number[] = []
  let found = 0
  const each = 1_000
  for (let from = 0; from < events; from += each) {
    const startedMs = performance.now()
    for (let number = from; number < from + each; number++)
      found += route(eventType, attributesOf(number, environments)).length
    slices.push(((performance.now() - startedMs) / each) * 1_000)
  }
  // Warm compilers only.
  const warm = slices.slice(Math.floor(slices.length / 4))
  return { us: median(warm), found: found / events, compileMs }
}

function attributesOf(number: number, environments: number): Attributes {
  return {
    severity: severities[number % severities.length] ?? null,
    environment: `env-${(number * 7) % environments}`,
    cloud_provider: clouds[number % clouds.length] ?? null,
    resource_id: "arn:aws:s3:::my-bucket",
  }
}

function selective(number: number, environments: number): Webhook {
  const some = (values: readonly string[]) =>
    values.filter((_, at) => (number >> at) % 2 === 0 || at === number % values.length)
  return plainWebhook(0, {
    id: asId<WebhookId>(`wh_${number}`),
    workspaceId: asId<WorkspaceId>("ws_bench"),
    url: "https://example.com/hook",
    events: [eventType],
    filters: {
      severity: some(severities),
      environments: [`env-${number % environments}`],
      cloudProviders: some(clouds),
    },
  })
}
