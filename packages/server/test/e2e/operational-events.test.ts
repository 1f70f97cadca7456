import { createHmac } from "node:crypto"
import { expect, test } from "vitest"
import { openReceiver } from "../receiver.ts"
import { eventually, members, Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

test("an endpoint that says it is gone: another webhook is told, by signed events that survive a kill", async () => {
  const settings = { TOCSIN_DATA_DIR: newDataDirectory() }
  const server = await startServer(settings)
  const workspace = await Workspace.create(server.address, "policycortex")
  const gone = await openReceiver({ replies: [410] })
  const pager = await openReceiver({ replies: [503] })
  try {
    const secret = "the-pager's-secret"
    const broken = await workspace.post("/v1/webhooks", {
      url: gone.origin,
      events: ["*"],
      secret: "your-webhook-secret",
      description: "ticket system",
    })
    const told = await workspace.post("/v1/webhooks", {
      url: pager.origin,
      events: ["webhook.disabled", "delivery.exhausted"],
      secret,
      retry_config: { initial_delay_seconds: 1, backoff_multiplier: 1, max_attempts: 20 },
    })
    const { id: eventId } = await workspace.post("/v1/events", await workspace.sampleEvent())
    await pager.arrived(1)
    await eventually(
      () => workspace.get(`/v1/webhooks/${broken.id}`),
      ({ status }) => status === "disabled",
    )
    // Neither was delivered so far: both are stored, and go out after the crash.
    await server.kill("SIGKILL")
    pager.reply(200)
    const refused = pager.received.length
    const again = await startServer(settings)
    workspace.address = again.address
    const came = (await pager.arrived(refused + 2)).slice(refused)
    const [exhausted, disabled] = came.map(({ text }) => JSON.parse(text))
    expect(exhausted).toMatchObject({
      type: "delivery.exhausted",
      data: {
        webhook: { id: broken.id, description: "ticket system" },
        delivery: { event_id: eventId, event_type: "scan.failed", because: "gone", last_status_code: 410 },
      },
    })
    expect(disabled).toMatchObject({
      type: "webhook.disabled",
      data: { webhook: { id: broken.id }, reason: "gone" },
    })
    for (const request of came) {
      const expected = `sha256=${createHmac("sha256", secret).update(request.body).digest("hex")}`
      expect(request.header("x-policycortex-signature")).toBe(expected)
    }
    expect(gone.received).toHaveLength(1)

    // In the log like any other, with the reason why each webhook did or did not get it.
    const [listed] = await workspace.list("/v1/events?type=webhook.disabled")
    expect(listed).toMatchObject({ id: disabled.id, type: "webhook.disabled" })
    await workspace.put(`/v1/webhooks/${broken.id}`, { events: ["*", "webhook.disabled"] })
    const matches = members(await workspace.get(`/v1/events/${disabled.id}/matches`), "data")
    expect(matches.find(({ webhook_id }) => webhook_id === told.id)).toMatchObject({ outcome: "sent" })
    expect(matches.find(({ webhook_id }) => webhook_id === broken.id)).toMatchObject({ outcome: "about_itself" })

    // Nobody else says such things, and nobody gets them by a star.
    const forged = await workspace.ask("POST", "/v1/events", { body: { type: "webhook.disabled", data: {} } })
    expect(forged).toMatchObject({ status: 422, json: { code: "event_type_reserved" } })
    const family = await workspace.ask("PUT", `/v1/webhooks/${told.id}`, { body: { events: ["webhook.*"] } })
    expect(family).toMatchObject({ status: 422 })
    const type = { name: "backlog.growing", description: "Mine" }
    expect(await workspace.ask("POST", "/v1/event-types", { body: type })).toMatchObject({ status: 409 })
    const test = await workspace.post(`/v1/webhooks/${told.id}/test`, { event_type: "backlog.growing" })
    expect(test).toMatchObject({ delivered: true })
    expect(await again.kill()).toEqual({ code: 0, signal: null })
  } finally {
    await gone.close()
    await pager.close()
  }
})
