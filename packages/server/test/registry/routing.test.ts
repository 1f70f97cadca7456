import fc from "fast-check"
import { expect, test } from "vitest"
import { asId } from "../../src/domain/ids.ts"
import { match } from "../../src/domain/matching.ts"
import type { Webhook } from "../../src/domain/webhook.ts"
import { compileRouting } from "../../src/registry/routing.ts"
import { plainWebhook } from "../plain-webhook.ts"

const types = ["policy.violation.created", "policy.violation.resolved", "scan.completed"] as const
const some = (...values: string[]) => fc.subarray(values)

const settings = fc.record({
  events: fc.subarray(["*", "policy.*", ...types], { minLength: 1 }),
  filters: fc.option(
    fc.record(
      {
        severity: some("HIGH", "critical", "Low"),
        environments: some("production", "Staging"),
        cloudProviders: some("aws", "azure", "gcp"),
      },
      { requiredKeys: [] },
    ),
  ),
})

const attributes = fc.record(
  {
    severity: fc.constantFrom(null, "high", "CRITICAL", "none"),
    environment: fc.constantFrom(null, "PRODUCTION", "staging"),
    cloud_provider: fc.constantFrom(null, "aws", "gcp"),
  },
  { requiredKeys: [] },
)

function webhook(number: number, given: Pick<Webhook, "events" | "filters">): Webhook {
  return plainWebhook(0, {
    id: asId(`wh_${number}`),
    workspaceId: asId("ws_1"),
    url: "https://receiver.example/",
    ...given,
  })
}

test("the compiled routing finds exactly the webhooks that the plain rule finds, in their order", () => {
  fc.assert(
    fc.property(fc.array(settings, { maxLength: 80 }), fc.constantFrom(...types), attributes, (all, type, given) => {
      const webhooks = all.map((each, number) => webhook(number, each))
      const event = { type, attributes: given, orderingKey: null }
      const plainly = webhooks.filter((each) => match(each, event).matches)
      expect(compileRouting(webhooks)(type, event.attributes).map(({ id }) => id)).toEqual(plainly.map(({ id }) => id))
    }),
  )
})

test("the documented configuration filters violations and still receives compliance changes", () => {
  const documented = webhook(1, {
    events: ["policy.violation.created", "compliance.status.changed"],
    filters: { severity: ["HIGH", "CRITICAL"], environments: ["production"], cloudProviders: ["aws", "azure"] },
  })
  const route = compileRouting([documented])
  const violation = (severity: string | null) => ({ severity, environment: "production", cloud_provider: "aws" })
  expect(route("policy.violation.created", violation("high"))).toHaveLength(1)
  expect(route("policy.violation.created", violation("LOW"))).toHaveLength(0)
  expect(route("policy.violation.created", violation(null))).toHaveLength(0)
  expect(route("compliance.status.changed", {})).toHaveLength(1)
  const event = { type: "policy.violation.created", attributes: violation("LOW"), orderingKey: null }
  expect(match(documented, event)).toEqual({
    matches: false,
    because: "filter",
    criterion: "severity",
    value: "LOW",
  })
})

test("what Tocsin tells of itself goes to those that have named it, and never to the webhook that it is about", () => {
  const all = ["*", "webhook.*", "webhook.disabled"].map((events, number) =>
    webhook(number, { events: [events], filters: null }),
  )
  expect(compileRouting(all)("webhook.disabled", {}).map(({ id }) => id)).toEqual([all[2]?.id])
  const named = webhook(7, { events: ["webhook.disabled"], filters: null })
  const about = (orderingKey: string) => match(named, { type: "webhook.disabled", attributes: {}, orderingKey })
  expect(about("wh_other")).toEqual({ matches: true })
  expect(about(named.id)).toEqual({ matches: false, because: "about_itself" })
})
