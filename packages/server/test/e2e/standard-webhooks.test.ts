import { Webhook } from "standardwebhooks"
import { beforeAll, describe, expect, it } from "vitest"
import { openReceiver, type ReceivedRequest } from "../receiver.ts"
import { members, Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

let address = ""

beforeAll(async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  address = server.address
})

/** Throws when the package refuses it: wrong signature, or too old. */
function verified(request: ReceivedRequest, secret: string): unknown {
  const headers = Object.fromEntries(request.headerList.map(([name, value]) => [name.toLowerCase(), value]))
  return new Webhook(secret).verify(request.text, headers)
}

describe("the package standardwebhooks", () => {
  it.each(["policycortex", "cybervault", "standard"] as const)("accepts what %s sends", async (profile) => {
    const workspace = await Workspace.create(address, profile)
    const receiver = await openReceiver()
    try {
      const given = `whsec_${Buffer.alloc(32, 7).toString("base64")}`
      const created = await workspace.post("/v1/webhooks", {
        url: `${receiver.origin}/hook`,
        events: ["*"],
        ordering: "strict",
        ...(profile === "policycortex" && { secret: given }),
      })
      const secret = String(profile === "policycortex" ? given : created.secret)
      const types = await workspace.list("/v1/event-types")
      const receipts = members(
        await workspace.post("/v1/events/batch", {
          events: types.map(({ name, sample }) => ({ type: name, data: sample })),
        }),
        "data",
      )
      const received = await receiver.arrived(types.length)
      expect(received.length).toBeGreaterThan(0)
      const another = `whsec_${Buffer.alloc(32, 8).toString("base64")}`
      for (const [index, request] of received.entries()) {
        expect(() => verified(request, another)).toThrow()
        expect(verified(request, secret)).toMatchObject({ data: types[index]?.sample })
        expect(request.header("webhook-id")).toBe(receipts[index]?.id)
      }
      expect(() =>
        verified(received[0] as ReceivedRequest, `whsec_${Buffer.alloc(32, 8).toString("base64")}`),
      ).toThrow()
    } finally {
      await receiver.close()
    }
  })

  it("accepts an own event type of a workspace, whose envelope is the plain one", async () => {
    const workspace = await Workspace.create(address, "standard")
    const receiver = await openReceiver({ replies: [503, 200] })
    try {
      await workspace.post("/v1/event-types", { name: "invoice.paid", description: "Money came in" })
      const { secret } = await workspace.post("/v1/webhooks", {
        url: `${receiver.origin}/hook`,
        events: ["invoice.*"],
        retry_config: { initial_delay_seconds: 1 },
      })
      const { id } = await workspace.post("/v1/events", {
        type: "invoice.paid",
        created: "2026-01-02T03:04:05Z",
        data: { amount: 5 },
      })
      const [first, second] = await receiver.arrived(2)
      if (first === undefined || second === undefined) throw new Error("two came")
      expect(first.text).toBe('{"type":"invoice.paid","timestamp":"2026-01-02T03:04:05Z","data":{"amount":5}}')
      expect(second.body).toEqual(first.body)
      // The id stays over retries, the time and so the signature are fresh.
      expect([first.header("webhook-id"), second.header("webhook-id")]).toEqual([id, id])
      expect([first.header("webhook-attempt"), second.header("webhook-attempt")]).toEqual(["1", "2"])
      expect(Number(second.header("webhook-timestamp"))).toBeGreaterThan(Number(first.header("webhook-timestamp")))
      for (const request of [first, second]) verified(request, String(secret))
    } finally {
      await receiver.close()
    }
  })
})
