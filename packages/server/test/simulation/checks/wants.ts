import type { Webhook } from "../../../src/domain/webhook.ts"

/** wire.md, "Attributes": whether an event goes to a webhook. A criterion says nothing about a type that carries it not. */
export function wants(webhook: Pick<Webhook, "events" | "filters">, type: string, body: string): boolean {
  const covers = webhook.events.some((each) => each === "*" || each === type || `${type.split(".")[0]}.*` === each)
  const severities = webhook.filters?.severity
  if (!covers || severities === undefined || type !== "policy.violation.created") return covers
  return severities.some((severity) => body.includes(`"severity":"${severity}"`))
}
