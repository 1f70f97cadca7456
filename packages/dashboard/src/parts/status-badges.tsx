import type { DeliveryStatus, Webhook, WebhookStatus } from "@tocsin/client"
import { Badge, type Tone } from "./badge.tsx"

const ofDelivery: Readonly<Record<DeliveryStatus, readonly [Tone, string]>> = {
  pending: ["info", "Pending"],
  held: ["idle", "Held"],
  retrying: ["warn", "Retrying"],
  delivered: ["good", "Delivered"],
  exhausted: ["bad", "Exhausted"],
  expired: ["bad", "Expired"],
  cancelled: ["idle", "Cancelled"],
}

export function DeliveryBadge({ status }: { status: DeliveryStatus }) {
  const [tone, text] = ofDelivery[status]
  return <Badge tone={tone}>{text}</Badge>
}

const ofWebhook: Readonly<Record<WebhookStatus, readonly [Tone, string]>> = {
  active: ["good", "Active"],
  inactive: ["idle", "Paused"],
  unverified: ["warn", "Unverified"],
  disabled: ["bad", "Disabled"],
  deleted: ["idle", "Deleted"],
}

/** An active one whose last attempts failed is still tried, but is not well. */
export function WebhookBadge({ webhook }: { webhook: Pick<Webhook, "status" | "consecutive_failures"> }) {
  const { status, consecutive_failures } = webhook
  const [tone, text] =
    status === "active" && consecutive_failures > 0 ? (["bad", "Failing"] as const) : ofWebhook[status]
  return <Badge tone={tone}>{text}</Badge>
}

const ofSeverity: Readonly<Record<string, Tone>> = {
  critical: "bad",
  high: "bad",
  medium: "warn",
  low: "info",
  info: "idle",
}

export function SeverityBadge({ severity }: { severity: string }) {
  return <Badge tone={ofSeverity[severity.toLowerCase()] ?? "idle"}>{severity.toLowerCase()}</Badge>
}

/** An HTTP status, or that there was no response. */
export function StatusCode({ code, delivered }: { code: number | null; delivered: boolean }) {
  if (code === null) return <span className="text-muted">no response</span>
  return <span className={delivered ? "font-mono text-good" : "font-mono text-bad"}>{code}</span>
}
