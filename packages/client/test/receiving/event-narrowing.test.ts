import { describe, expect, expectTypeOf, it } from "vitest"
import type { CyberVaultEvent, PolicyCortexEvent, StandardEvent } from "../../src/receiving.ts"
import { verifyPolicyCortex } from "../../src/receiving.ts"
import { bodies, nowMs, secret, signedHeaders } from "./signed-message.ts"

// The types below are held by `tsc -p .`, which reads the tests too.

type Own = { "invoice.paid": { readonly amount: number } }

describe("a look at the type tells what the data is", () => {
  it("of PolicyCortex events", async () => {
    const body = bodies.policycortex
    const event = await verifyPolicyCortex({ body, headers: signedHeaders(body) }, { secret, nowMs })
    let looked = false
    switch (event.type) {
      case "scan.completed":
        expectTypeOf(event.data.scan.compliance_score).toEqualTypeOf<number>()
        expectTypeOf(event.data).not.toHaveProperty("violation")
        expect(event.data.scan.compliance_score).toBe(94.7)
        looked = true
        break
      case "policy.violation.created":
        expectTypeOf(event.data.violation.severity).toEqualTypeOf<string>()
        expectTypeOf(event.data.violation.compliance_frameworks).toEqualTypeOf<readonly string[]>()
        break
      case "policy.violation.resolved":
        expectTypeOf(event.data.violation.resolution).toEqualTypeOf<string | undefined>()
        break
    }
    expect(looked).toBe(true)
    expectTypeOf(event.type).extract<"no.such.type">().toBeNever()
    expectTypeOf<"resource.changed">().toExtend<typeof event.type>()
  })

  it("of CyberVault events, by event as by type", () => {
    const data = (event: CyberVaultEvent) => {
      if (event.event === "threat.detected") {
        expectTypeOf(event.data.confidence).toEqualTypeOf<number>()
        expectTypeOf(event.data.severity).toEqualTypeOf<string | undefined>()
        return event.data.threat_id
      }
      if (event.type === "endpoint.offline") expectTypeOf(event.data.hostname).toEqualTypeOf<string>()
      return null
    }
    expect(data(JSON.parse(bodies.cybervault))).toBe("thr_94x2k1")
  })

  it("of a workspace's own types beside the profile's", () => {
    const amount = (event: PolicyCortexEvent<Own>) => {
      if (event.type === "scan.completed") expectTypeOf(event.data.scan.id).toEqualTypeOf<string>()
      return event.type === "invoice.paid" ? event.data.amount : null
    }
    const event = { id: "evt_1", type: "invoice.paid", created: "2024-01-15T14:30:00Z", data: { amount: 7 } } as const
    expect(amount(event)).toBe(7)
  })

  it("of Standard events: declared ones their data, undeclared ones unknown", () => {
    expectTypeOf<Extract<StandardEvent<Own>, { type: "invoice.paid" }>["data"]>().toEqualTypeOf<{
      readonly amount: number
    }>()
    expectTypeOf<StandardEvent["type"]>().toEqualTypeOf<string>()
    expectTypeOf<StandardEvent["data"]>().toEqualTypeOf<unknown>()
  })
})
