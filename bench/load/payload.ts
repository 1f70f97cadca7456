import { readFileSync } from "node:fs"

/** PolicyCortex's documented violation event, as its document prints it. */
export const violationDocument = new URL(
  "../../packages/server/test/fixtures/documents/policycortex-policy.violation.created.json",
  import.meta.url,
)

export const secret = "a-shared-secret"
export const eventType = "policy.violation.created"

/** Each webhook filters by an environment of its own, so that every event goes to exactly one. */
export function environmentOf(webhook: number): string {
  return `env-${webhook}`
}

/** What is published: type and data, for the webhooks in turn. */
export function eventsFor(webhooks: number): (number: number) => string {
  const { type, data } = JSON.parse(readFileSync(violationDocument, "utf8")) as { type: string; data: object }
  const text = JSON.stringify({ type, data })
  const each = Array.from({ length: webhooks }, (_, number) =>
    text.replace('"production"', JSON.stringify(environmentOf(number))),
  )
  return (number) => each[number % webhooks] ?? text
}

/** What a receiver gets: the whole envelope, of the size of the real ones. */
export function envelopeFor(webhooks: number): (number: number) => string {
  const whole = JSON.stringify(JSON.parse(readFileSync(violationDocument, "utf8")))
  const each = Array.from({ length: webhooks }, (_, number) =>
    whole.replace('"production"', JSON.stringify(environmentOf(number))),
  )
  return (number) => each[number % webhooks] ?? whole
}
