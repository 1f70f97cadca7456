import { describe, expect, it } from "vitest"
import { type Store, StoreUnavailable } from "../../src/ports/store.ts"
import { list, runApi, violationEvent } from "./running-api.ts"

/** A store of which some verbs can be switched off. */
async function withVerbsAway() {
  const away = new Set<keyof Store>()
  const api = await runApi({
    wrapStore: (store) =>
      new Proxy(store, {
        get(target, name, receiver) {
          if (away.has(name as keyof Store)) return () => Promise.reject(new StoreUnavailable("The disk is full."))
          return Reflect.get(target, name, receiver)
        },
      }),
  })
  const key = await api.workspaceKey()
  const { id: webhookId } = await api.webhook(key)
  await api.call("POST", "/v1/events", { key, body: violationEvent })
  await api.clock.advance(1_000)
  const [delivery] = list(await api.call("GET", "/v1/deliveries", { key }))
  expect(delivery).toMatchObject({ status: "delivered" })
  return { ...api, away, key, webhookId, delivery }
}

const window = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }
const unavailable = { status: 503, json: { code: "store_unavailable" } }

describe("what is answered with a 503 was not done", () => {
  it("a retry that cannot be put in the audit log", async () => {
    const { call, key, away, delivery, clock, receivers } = await withVerbsAway()
    away.add("note")
    expect(await call("POST", `/v1/deliveries/${delivery?.id}/retry`, { key })).toMatchObject(unavailable)
    await clock.advance(60_000)
    expect(receivers.requests).toHaveLength(1)
  })

  it("a replay that cannot be put in the audit log", async () => {
    const { call, key, away, webhookId, store } = await withVerbsAway()
    away.add("note")
    expect(await call("POST", `/v1/webhooks/${webhookId}/replay`, { key, body: window })).toMatchObject(unavailable)
    expect(await store.openReplays()).toEqual([])
  })

  it("the end of a replay that cannot be put in the audit log", async () => {
    const { call, key, away, webhookId, store } = await withVerbsAway()
    // So that it goes on for ever.
    away.add("replayCandidates")
    const { json: started } = await call("POST", `/v1/webhooks/${webhookId}/replay`, { key, body: window })
    away.add("note")
    expect(await call("DELETE", `/v1/replays/${started.id}`, { key })).toMatchObject(unavailable)
    expect(await store.openReplays()).toMatchObject([{ id: started.id }])
  })
})

it("an event whose storing was not answered is not said to be lost: it may be there, and a key tells", async () => {
  const { call, key, store } = await withVerbsAway()
  const { accept } = store
  Object.assign(store, {
    accept: async (...asked: Parameters<Store["accept"]>) => {
      await accept(...asked)
      throw new StoreUnavailable("The connection was lost.")
    },
  })
  const body = { ...violationEvent, idempotency_key: "once" }
  const lost = await call("POST", "/v1/events", { key, body })
  expect(lost).toMatchObject({ ...unavailable, json: { detail: expect.stringContaining("idempotency key") } })
  expect(lost.json.detail).not.toMatch(/nothing was kept/i)
  Object.assign(store, { accept })
  expect(await call("POST", "/v1/events", { key, body })).toMatchObject({ status: 200, json: { duplicate: true } })
})

it("a retry that is under way is answered as done although the delivery cannot be read any more", async () => {
  const { call, key, away, delivery, clock, receivers, store } = await withVerbsAway()
  const { reopen } = store
  Object.assign(store, {
    reopen: (...asked: Parameters<Store["reopen"]>) => reopen(...asked).finally(() => away.add("delivery")),
  })
  const retried = await call("POST", `/v1/deliveries/${delivery?.id}/retry`, { key })
  expect(retried).toMatchObject({
    status: 202,
    json: { id: delivery?.id, status: "retrying", attempt_count: 1, ended_at: null, exhausted_because: null },
  })
  await clock.advance(1_000)
  expect(receivers.requests).toHaveLength(2)
})
