import type { DispatchLimits } from "../../src/dispatch/dispatcher.ts"
import type { Ordering, RateLimit, RetryConfig, Webhook } from "../../src/domain/webhook.ts"
import type { SeededRandom } from "./seeded-random.ts"

/** What the storage is, and how many processes share it. */
export const settings = ["memory", "sqlite", "cluster"] as const
export type Setting = (typeof settings)[number]

/** What a seed decides before anything happens. */
export type Plan = {
  readonly setting: Setting
  readonly nodes: number
  readonly limits: DispatchLimits
  readonly webhooks: readonly WebhookPlan[]
  /** Between an act and the next: a burst, some seconds, minutes, hours. */
  readonly hurry: number
}

export type WebhookPlan = Pick<
  Webhook,
  "events" | "filters" | "ordering" | "retryConfig" | "rateLimit" | "timeoutSeconds"
>

const orderings = ["strict", "by_key", "by_key", "none", "none", null] as const satisfies readonly (Ordering | null)[]

/** Short ones, so that a run sees the end of many budgets, and long ones that reach the window's end. */
export const retryConfigs: readonly (RetryConfig | null)[] = [
  null,
  { maxAttempts: 3 },
  { maxAttempts: 1 },
  { maxAttempts: 5, backoffMultiplier: 1, initialDelaySeconds: 1 },
  { maxAttempts: 20, backoffMultiplier: 3, initialDelaySeconds: 2 },
  { maxAttempts: 10, backoffMultiplier: 10, initialDelaySeconds: 600 },
]

const rateLimits: readonly (RateLimit | null)[] = [
  null,
  null,
  null,
  { requests: 5, perSeconds: 1 },
  { requests: 30, perSeconds: 60 },
]

export function planFor(random: SeededRandom, wanted: Setting | null): Plan {
  // Drawn also when it is given, so that a seed is the same cast under each.
  const drawn = random.fraction()
  const setting = wanted ?? (drawn < 0.5 ? "memory" : drawn < 0.75 ? "sqlite" : "cluster")
  const nodes = 2 + random.below(2)
  const quickMax = 5 + random.below(40)
  return {
    setting,
    nodes: setting === "cluster" ? nodes : 1,
    // Small, so that these limits are met; docs/simulation.md names those that are not.
    limits: {
      quickMax,
      inFlightMax: 400,
      // Seldom: each receiver has an origin of its own, and what goes wrong with several in flight shall not be hidden.
      perOriginMax: quickMax % 8 === 0 ? 3 : 100,
      bufferedBytesMax: pick(random, [2_000, 10_000, 1_000_000]),
    },
    webhooks: Array.from({ length: 2 + random.below(3) }, () => webhookPlan(random)),
    hurry: random.fraction(),
  }
}

export function webhookPlan(random: SeededRandom): WebhookPlan {
  return {
    events: pick(random, [["*"], ["*"], ["scan.*"], ["policy.violation.created", "scan.completed"]]),
    filters: pick(random, [null, null, { severity: ["HIGH"] }]),
    ordering: pick(random, orderings),
    retryConfig: pick(random, retryConfigs),
    rateLimit: pick(random, rateLimits),
    timeoutSeconds: pick(random, [null, 5]),
  }
}

export function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  const item = items[random.below(items.length)]
  if (item === undefined) throw new Error("nothing to pick from")
  return item
}
