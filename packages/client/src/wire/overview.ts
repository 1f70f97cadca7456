import type { LatencyPercentiles } from "./webhook.ts"

/** A workspace's last hour. */
export type Overview = {
  readonly from: string
  readonly to: string
  /** Events accepted by the node that answers. */
  readonly accepted: number
  /** Attempts that succeeded. */
  readonly delivered: number
  readonly failed: number
  /** 0 to 1; null without attempts. */
  readonly success_rate: number | null
  readonly latency_ms: LatencyPercentiles | null
  /** Deliveries not yet ended. */
  readonly backlog: number
  readonly webhooks: {
    readonly active: number
    readonly inactive: number
    readonly unverified: number
    readonly disabled: number
  }
  /** A minute each, oldest first; the last is the present one. */
  readonly series: readonly {
    readonly at: string
    readonly accepted: number
    readonly delivered: number
    readonly failed: number
    readonly latency_ms: LatencyPercentiles | null
  }[]
  /** The worst first. */
  readonly troubled: readonly TroubledWebhook[]
}

export type TroubledWebhook = {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly because: "disabled" | "failing" | "unverified"
  readonly disabled_reason: "gone" | "failing" | null
  readonly consecutive_failures: number
  readonly failing_since: string | null
  readonly last_success_at: string | null
  readonly backlog: number
}
