import { createHmac } from "node:crypto"
import { beforeAll, describe, expect, it } from "vitest"
import type { Receiver } from "../receiver.ts"
import { type Answer, call, eventually, type Json, members, Workspace } from "./api-calls.ts"
import { receiving } from "./receiving.ts"
import { newDataDirectory, type RunningServer, startServer } from "./server-process.ts"

const dataDirectory = newDataDirectory()
let server: RunningServer

beforeAll(async () => {
  server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
})
async function newWorkspace(): Promise<Workspace> {
  const workspace = await Workspace.create(server.address, "standard")
  await workspace.post("/v1/event-types", { name: "thing.happened", description: "Something" })
  await workspace.post("/v1/event-types", { name: "thing.ended", description: "Something else" })
  return workspace
}

const thing = (n: number, type = "thing.happened") => ({ type, data: { n } })

const ids = (json: Json) => members(json, "data").map(({ id }) => id)
const received = (receiver: Receiver) => receiver.received.map(({ header }) => header("webhook-id"))

/** All deliveries of a webhook, once none is under way. */
function ended(workspace: Workspace, webhookId: unknown): Promise<Json[]> {
  return eventually(
    () => workspace.deliveriesTo(webhookId),
    (all) => all.length > 0 && all.every(({ ended_at }) => ended_at !== null),
  )
}

describe("retry by hand", () => {
  it("sends at once what waits for a retry, and gives what has ended a fresh budget", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving({ replies: [500, 500, 500, 200] })
    await workspace.post("/v1/webhooks", {
      url: receiver.origin,
      events: ["*"],
      retry_config: { max_attempts: 2, initial_delay_seconds: 3600 },
    })
    const { id: eventId } = await workspace.post("/v1/events", thing(1))
    const waiting = await eventually(
      () => workspace.deliveryOf(eventId),
      ({ status }) => status === "retrying",
    )
    const path = `/v1/deliveries/${waiting.id}`
    await workspace.post(`${path}/retry`)
    const exhausted = await eventually(
      () => workspace.get(path),
      ({ status }) => status === "exhausted",
    )
    expect(exhausted).toMatchObject({ attempt_count: 2, exhausted_because: "attempts" })
    // Its budget begins anew: a failure is retried again.
    await workspace.post(`${path}/retry`)
    await eventually(
      () => workspace.get(path),
      ({ status, attempt_count }) => status === "retrying" && attempt_count === 3,
    )
    await workspace.post(`${path}/retry`)
    const delivered = await eventually(
      () => workspace.get(path),
      ({ status }) => status === "delivered",
    )
    expect(members(delivered, "attempts").map(({ number, status_code }) => [number, status_code])).toEqual([
      [1, 500],
      [2, 500],
      [3, 500],
      [4, 200],
    ])
    expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1)
    expect(received(receiver)).toEqual(Array(4).fill(eventId))
  })
})

describe("a replay", () => {
  const minuteMs = 60_000
  const around = () => ({
    from: new Date(Date.now() - minuteMs).toISOString(),
    to: new Date(Date.now() + minuteMs).toISOString(),
  })

  it("takes the events of its time, types and statuses, in order, with their ids and bodies", async () => {
    const workspace = await newWorkspace()
    // Of six events, the second and fifth fail for good.
    const receiver = await receiving({ replies: (_, index) => (index === 1 || index === 4 ? 400 : 200) })
    const { id } = await workspace.post("/v1/webhooks", {
      url: receiver.origin,
      events: ["*"],
      ordering: "strict",
      retry_config: { max_attempts: 1 },
    })
    const events = [1, 2, 3, 4, 5, 6].map((n) => thing(n, n % 2 === 0 ? "thing.ended" : "thing.happened"))
    const published = ids(await workspace.post("/v1/events/batch", { events }))
    await receiver.arrived(6)
    const before = await ended(workspace, id)
    const bodies = new Map(receiver.received.map(({ header, text }) => [header("webhook-id"), text]))

    /** What the replay sent, as the numbers of the events. */
    const replayed = async (settings: Json) => {
      const from = receiver.received.length
      const { id: replayId, state } = await workspace.post(`/v1/webhooks/${id}/replay`, { ...around(), ...settings })
      expect(state).toBe("running")
      const replay = await eventually(
        () => workspace.get(`/v1/replays/${replayId}`),
        (now) => now.state === "completed",
      )
      await eventually(
        () => workspace.deliveriesTo(id),
        (all) => all.every(({ ended_at }) => ended_at !== null),
      )
      const sent = receiver.received.slice(from)
      for (const { header, text } of sent) expect(text).toBe(bodies.get(header("webhook-id")))
      expect(replay.progress).toMatchObject({ enqueued: sent.length })
      return sent.map(({ header }) => published.indexOf(header("webhook-id")) + 1)
    }
    expect(await replayed({ statuses: ["exhausted"], event_types: ["thing.happened"] })).toEqual([5])
    expect(await replayed({ only_missing: true })).toEqual([2])
    expect(await replayed({ only_missing: true })).toEqual([])
    expect(await replayed({ event_types: ["thing.ended"] })).toEqual([2, 4, 6])
    expect(await replayed({})).toEqual([1, 2, 3, 4, 5, 6])
    const past = { from: "2020-01-01T00:00:00Z", to: "2020-02-01T00:00:00Z" }
    expect(await replayed(past)).toEqual([])
    // The log of what was before is left as it was; replays stand beside it.
    const after = await workspace.deliveriesTo(id)
    expect(after.slice(0, 6)).toEqual(before)
    expect(after.slice(6).every(({ replay_id }) => /^rpl_/.test(String(replay_id)))).toBe(true)
    expect(after.map(({ sequence }) => sequence)).toEqual(after.map((_, index) => index + 1))
  })

  it("goes on where it was when the process is killed in the midst of it", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving()
    const count = 2_000
    for (const first of [0, 1_000]) {
      const events = Array.from({ length: 1_000 }, (_, index) => thing(first + index))
      await workspace.post("/v1/events/batch", { events })
    }
    // Registered later: everything is missing.
    const { id } = await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"], ordering: "strict" })
    const job = await workspace.post(`/v1/webhooks/${id}/replay`, { ...around(), only_missing: true })
    // The job makes deliveries 200 events at a time: the first of them is under way now.
    await receiver.arrived(1)
    await server.kill("SIGKILL")
    server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
    workspace.address = server.address
    const replay = await eventually(
      () => workspace.get(`/v1/replays/${job.id}`),
      ({ state }) => state === "completed",
    )
    expect(replay.progress).toEqual({ examined: count, enqueued: count, share: 1 })
    await eventually(
      () => workspace.get(`/v1/webhooks/${id}`),
      ({ backlog }) => backlog === 0,
      30_000,
    )
    const numbers = receiver.received.map(({ text }) => Number(JSON.parse(text).data.n))
    // Each once and in order, but for the one that was in flight.
    expect(numbers.length).toBeLessThanOrEqual(count + 1)
    expect([...new Set(numbers)]).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  })

  it("can be cancelled", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving()
    await workspace.post("/v1/events/batch", { events: Array.from({ length: 1000 }, (_, n) => thing(n)) })
    const { id } = await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"] })
    const job = await workspace.post(`/v1/webhooks/${id}/replay`, around())
    expect((await workspace.ask("DELETE", `/v1/replays/${job.id}`)).status).toBe(200)
    expect(["cancelled", "completed"]).toContain((await workspace.get(`/v1/replays/${job.id}`)).state)
    const answer = await workspace.ask("GET", "/v1/replays/rpl_unknown")
    expect(answer).toMatchObject({ status: 404, json: { code: "not_found" } })
  })
})

describe("a webhook's life", () => {
  it("keeps what comes while it is paused, and sends it in order when it is switched on", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving()
    const { id } = await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"], ordering: "strict" })
    const path = `/v1/webhooks/${id}`
    const first = await workspace.post("/v1/events", thing(0))
    await receiver.arrived(1)
    expect(await workspace.put(path, { active: false })).toMatchObject({ status: "inactive" })
    const later: unknown[] = []
    for (let n = 1; n <= 150; n++) later.push((await workspace.post("/v1/events", thing(n))).id)
    const held = await workspace.deliveriesTo(id)
    expect(held.slice(1).map(({ status, next_attempt_at }) => [status, next_attempt_at])).toEqual(
      Array(150).fill(["held", null]),
    )
    expect(receiver.received).toHaveLength(1)
    // Also over a restart.
    await server.kill()
    server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
    workspace.address = server.address
    expect(await workspace.get(path)).toMatchObject({ status: "inactive", backlog: 150 })
    expect(receiver.received).toHaveLength(1)
    await workspace.put(path, { active: true })
    // What is accepted from now on comes after what was held.
    const last = await workspace.post("/v1/events", thing(151))
    await receiver.arrived(152)
    expect(received(receiver)).toEqual([first.id, ...later, last.id])
    const all = await ended(workspace, id)
    expect(all.every(({ status, attempt_count }) => status === "delivered" && attempt_count === 1)).toBe(true)
  })

  it("ends with its deletion: what was pending is cancelled, the log stays", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving({ replies: [500] })
    const { id } = await workspace.post("/v1/webhooks", {
      url: receiver.origin,
      events: ["*"],
      ordering: "strict",
      retry_config: { initial_delay_seconds: 1 },
    })
    await workspace.post("/v1/events/batch", { events: Array.from({ length: 700 }, (_, n) => thing(n)) })
    await receiver.arrived(1)
    await workspace.delete(`/v1/webhooks/${id}`)
    const all = await ended(workspace, id)
    expect(all).toHaveLength(700)
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(["cancelled"]))
    const sent = receiver.received.length
    expect(await workspace.post("/v1/events", thing(701))).toMatchObject({ deliveries: 0 })
    expect(await workspace.ask("POST", `/v1/deliveries/${all[0]?.id}/retry`, { body: {} })).toMatchObject({
      status: 409,
      json: { code: "webhook_deleted" },
    })
    expect(await workspace.get(`/v1/deliveries/${all[0]?.id}`)).toMatchObject({ status: "cancelled" })
    expect(receiver.received).toHaveLength(sent)
  })

  it("changes its secret with an overlap in which a receiver may know either", async () => {
    const workspace = await Workspace.create(server.address, "cybervault")
    const old = "the-old-secret-of-the-receiver"
    const replaced = "the-new-secret-of-the-receiver"
    let known = old
    const signedBy = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex")
    const receiver = await receiving({
      replies: ({ header, text }) => (header("x-cybervault-signature") === signedBy(known, text) ? 200 : 401),
    })
    const { id } = await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"], secret: old })
    const { sample } = await workspace.get("/v1/event-types/threat.detected")
    const deliver = async () => {
      const from = receiver.received.length
      const { id: eventId } = await workspace.post("/v1/events", { type: "threat.detected", data: sample })
      const delivery = await eventually(
        () => workspace.deliveryOf(eventId),
        ({ attempt_count }) => attempt_count === 1,
      )
      return { delivery, requests: receiver.received.slice(from) }
    }
    expect((await deliver()).requests).toHaveLength(1)

    const rotated = await workspace.post(`/v1/webhooks/${id}/rotate-secret`, { secret: replaced, overlap_seconds: 2 })
    const untilMs = Date.parse(String(rotated.previous_valid_until))
    expect(rotated).not.toHaveProperty("secret")
    // Signed by the new one first, and at once again by the old one, within the same attempt.
    const both = await deliver()
    expect(both.delivery).toMatchObject({ status: "delivered", attempt_count: 1 })
    expect(both.requests.map(({ header, text }) => header("x-cybervault-signature") === signedBy(old, text))).toEqual([
      false,
      true,
    ])
    for (const { header } of both.requests) {
      expect(header("webhook-signature")?.split(" ")).toHaveLength(2)
      expect(header("x-cybervault-attempt")).toBe("1")
    }
    known = replaced
    expect((await deliver()).requests).toHaveLength(1)
    // The overlap is over: the old one signs no more.
    known = old
    await new Promise((resolve) => setTimeout(resolve, untilMs - Date.now() + 1))
    const after = await deliver()
    expect(after.requests).toHaveLength(1)
    expect(after.delivery).toMatchObject({ status: "retrying", last_error_code: "unauthorized" })
    expect(after.requests[0]?.header("webhook-signature")?.split(" ")).toHaveLength(1)
  })
})

describe("publishing", () => {
  it("one idempotency key posted 50 times at once is one event", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving()
    await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"] })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        workspace.ask("POST", "/v1/events", {
          // Half of them say it in the header, which is the same.
          ...(index % 2 === 0
            ? { body: { ...thing(1), idempotency_key: "once" } }
            : { body: thing(1), headers: { "idempotency-key": "once" } }),
        }),
      ),
    )
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
    expect(answers.filter(({ status, json }) => status === 200 && json.duplicate === true)).toHaveLength(49)
    const other = await workspace.ask("POST", "/v1/events", { body: { ...thing(2), idempotency_key: "once" } })
    expect(other).toMatchObject({ status: 409, json: { code: "idempotency_conflict" } })
    // Kept over a crash: what was acknowledged is known afterwards.
    await server.kill("SIGKILL")
    server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
    workspace.address = server.address
    const again = await workspace.ask("POST", "/v1/events", { body: { ...thing(1), idempotency_key: "once" } })
    expect(again).toMatchObject({ status: 200, json: { id: answers[0]?.json.id, duplicate: true } })
    await receiver.arrived(1)
    expect(await workspace.list("/v1/events")).toHaveLength(1)
    expect(new Set(received(receiver)).size).toBe(1)
  })

  it("a batch with one bad event stores none of them", async () => {
    const workspace = await newWorkspace()
    const receiver = await receiving()
    await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"] })
    await workspace.post("/v1/events", { ...thing(0), idempotency_key: "taken" })
    await receiver.arrived(1)
    const good = Array.from({ length: 99 }, (_, n) => thing(n))
    const bad: readonly (readonly [bad: unknown, status: number, pointer: string])[] = [
      [{ type: "thing.unheard_of", data: {} }, 422, "/events/99/type"],
      [{ type: "thing.happened" }, 422, "/events/99/data"],
      [{ ...thing(1), extra: true }, 422, "/events/99/extra"],
      [{ ...thing(1), idempotency_key: "taken" }, 409, "/events/99/idempotency_key"],
      [{ type: "thing.happened", data: { a: "x".repeat(256 * 1024) } }, 413, "/events/99/data"],
    ]
    for (const [event, status, pointer] of bad) {
      const answer = await workspace.ask("POST", "/v1/events/batch", { body: { events: [...good, event] } })
      expect([pointer, answer.status]).toEqual([pointer, status])
      expect(answer.json.errors).toMatchObject([{ pointer }])
      expect(answer.headers.get("content-type")).toContain("application/problem+json")
    }
    expect(await workspace.list("/v1/events")).toHaveLength(1)
    expect(receiver.received).toHaveLength(1)
    const accepted = await workspace.post("/v1/events/batch", { events: good })
    expect(members(accepted, "data")).toHaveLength(99)
    await receiver.arrived(100)
  })
})

describe("keys", () => {
  it("one workspace's key sees nothing of another's", async () => {
    const mine = await newWorkspace()
    const theirs = await newWorkspace()
    const receiver = await receiving({ replies: [500] })
    const { id: webhookId } = await theirs.post("/v1/webhooks", { url: receiver.origin, events: ["*"] })
    const { id: eventId } = await theirs.post("/v1/events", thing(1))
    const { id: deliveryId } = await theirs.deliveryOf(eventId)
    const window = { from: "2020-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" }
    const { id: replayId } = await theirs.post(`/v1/webhooks/${webhookId}/replay`, window)
    const [key] = await theirs.list("/v1/api-keys")
    const calls: readonly (readonly [method: string, path: string, body?: unknown])[] = [
      ["GET", `/v1/webhooks/${webhookId}`],
      ["PUT", `/v1/webhooks/${webhookId}`, { active: false }],
      ["PATCH", `/v1/webhooks/${webhookId}`, { active: false }],
      ["DELETE", `/v1/webhooks/${webhookId}`],
      ["POST", `/v1/webhooks/${webhookId}/test`, {}],
      ["POST", `/v1/webhooks/${webhookId}/verify`, {}],
      ["POST", `/v1/webhooks/${webhookId}/rotate-secret`, {}],
      ["GET", `/v1/webhooks/${webhookId}/secret`],
      ["GET", `/v1/webhooks/${webhookId}/stats`],
      ["POST", `/v1/webhooks/${webhookId}/replay`, window],
      ["GET", `/v1/events/${eventId}`],
      ["GET", `/v1/deliveries/${deliveryId}`],
      ["POST", `/v1/deliveries/${deliveryId}/retry`, {}],
      ["GET", `/v1/replays/${replayId}`],
      ["DELETE", `/v1/replays/${replayId}`],
      ["DELETE", `/v1/api-keys/${key?.id}`],
    ]
    for (const [method, path, body] of calls) {
      const answer = await mine.ask(method, path, body === undefined ? {} : { body })
      expect([method, path, answer.status, answer.json.code]).toEqual([method, path, 404, "not_found"])
    }
    for (const list of ["webhooks", "events", "deliveries", `deliveries?webhook_id=${webhookId}`]) {
      expect([list, await mine.list(`/v1/${list}`)]).toEqual([list, []])
    }
    expect(await mine.post("/v1/events", thing(1))).toMatchObject({ deliveries: 0 })
    expect(await theirs.get(`/v1/webhooks/${webhookId}`)).toMatchObject({ active: true })
  })

  it("a revoked key works no more from the next request on, also after a crash", async () => {
    const workspace = await newWorkspace()
    const created = await workspace.post("/v1/api-keys", { name: "ci", scopes: ["events:write"] })
    const publish = (): Promise<Answer> =>
      call(server.address, "POST", "/v1/events", { key: String(created.key), body: thing(1) })
    expect((await publish()).status).toBe(202)
    await workspace.delete(`/v1/api-keys/${created.id}`)
    expect(await publish()).toMatchObject({ status: 401, json: { code: "key_revoked" } })
    await server.kill("SIGKILL")
    server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
    workspace.address = server.address
    expect(await publish()).toMatchObject({ status: 401, json: { code: "key_revoked" } })
    expect(await workspace.list("/v1/events")).toHaveLength(1)
  })
})
