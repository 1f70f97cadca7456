import { randomBytes } from "node:crypto"
import { describe, expect, test } from "vitest"
import { firstWaiting } from "../../src/domain/delivery.ts"
import { asId, type WorkspaceId } from "../../src/domain/ids.ts"
import { KeyRing } from "../../src/secrets/key-ring.ts"
import { keyBytes, sealerFor } from "../../src/secrets/sealing.ts"
import { clearMaxBytes, Envelopes } from "../../src/stores/postgres/notices/envelopes.ts"
import { readWorkLine } from "../../src/stores/postgres/notices/outbox.ts"
import { payloads } from "../../src/stores/postgres/notices/payloads.ts"
import { readStoredLine, storedLine } from "../../src/stores/postgres/notices/stored-notice.ts"
import { Owners, readShardsNotice, shardsNotice } from "../../src/stores/postgres/ownership/owners.ts"
import { shardCount, shardOf } from "../../src/stores/postgres/ownership/shard-of.ts"
import { newEvent, newWebhookId } from "../contracts/store-fixtures.ts"

const workspaceId = asId<WorkspaceId>("ws_1")

describe("an event that is passed to the node that sends it", () => {
  test("comes as it waits in the store, whatever its texts hold", () => {
    const to = [
      { webhookId: newWebhookId(), laneKey: '\u001f\n "{}" \u202e' },
      { webhookId: newWebhookId(), laneKey: "" },
    ]
    const event = newEvent({ to, body: '{"data":{"text":"\\n\\u001f \u2028 \u{1f6a8}"}}', trace: "00-1-2-01" })
    const numbered = event.deliveries.map((delivery, index) => ({ delivery, sequence: 7 + index }))
    const line = storedLine(workspaceId, event, numbered) ?? ""
    expect(line).not.toContain("\n")
    expect(line).not.toContain("\u001f")
    expect(readStoredLine(line)).toEqual(
      numbered.map(({ delivery, sequence }) => firstWaiting(workspaceId, event, delivery, sequence)),
    )
  })

  test("is left to be read when it does not fit into a payload", () => {
    const large = newEvent({ to: [newWebhookId()], body: `{"data":"${"x".repeat(clearMaxBytes)}"}` })
    expect(storedLine(workspaceId, large, [])).toBeNull()
    const wide = newEvent({ to: Array.from({ length: 500 }, () => newWebhookId()) })
    const all = wide.deliveries.map((delivery, index) => ({ delivery, sequence: index + 1 }))
    expect(storedLine(workspaceId, wide, all)).toBeNull()
  })

  test.each(["", "no JSON", "null", "[]", '["ws_1","evt_1","type",1,null,"{}",[["dlv_1","wh_1",""]]]', '["ws_1"]'])(
    "is nothing to anybody when it is no such line: %s",
    (line) => {
      expect(readStoredLine(line)).toEqual([])
    },
  )

  const keys = new KeyRing([randomBytes(keyBytes)])
  const sealingOf = (nodeId: string) => keys.derived(`passed by ${nodeId}`)
  const [sender, receiver] = [new Envelopes("a1", sealingOf), new Envelopes("b2", sealingOf)]
  const [to, tenure] = [{ nodeId: "b2", tenure: 3 }, 3]

  test("is read by nobody else, and taken once", () => {
    const [payload = ""] = sender.sealed(to, ["[1]", "[2]"])
    expect(payload).not.toContain("[1]")
    expect(new Envelopes("c3", sealingOf).opened(payload, tenure)).toEqual([])
    expect(receiver.opened(payload, tenure)).toEqual(["[1]", "[2]"])
    // Anybody who can connect may listen, and notify what was heard.
    expect(receiver.opened(payload, tenure)).toEqual([])
    expect(receiver.opened(sender.sealed(to, ["[3]"])[0] ?? "", tenure)).toEqual(["[3]"])
  })

  test("is not taken by a node that has come into shards since", () => {
    const [payload = ""] = sender.sealed(to, ["[1]"])
    expect(receiver.opened(payload, tenure + 1)).toEqual([])
    expect(receiver.opened(payload, tenure)).toEqual(["[1]"])
  })

  test.each<[string, (payload: string) => string]>([
    [
      "made with another key",
      () => new Envelopes("a1", () => sealerFor(randomBytes(keyBytes))).sealed(to, ["[1]"])[0] ?? "",
    ],
    ["altered", (payload) => payload.slice(0, -4) + (payload.endsWith("AAAA") ? "BBBB" : "AAAA")],
    ["under another's name", (payload) => payload.replace("a1", "d4")],
    ["not sealed", () => "a1 b2 3 99"],
    ["cut off", (payload) => payload.slice(0, 20)],
    ["empty", () => ""],
  ])("is not taken when it is %s", (_, made) => {
    const [payload = ""] = sender.sealed(to, ["[1]"])
    expect(receiver.opened(made(payload), tenure)).toEqual([])
  })

  test("fits into PostgreSQL's payloads, sealed", () => {
    const lines = Array.from({ length: 50 }, () => "x".repeat(700))
    const sealed = sender.sealed(to, [...lines, "y".repeat(clearMaxBytes - 1), "z".repeat(clearMaxBytes)])
    for (const payload of sealed) expect(Buffer.byteLength(payload)).toBeLessThan(8_000)
    expect(sealed.flatMap((payload) => receiver.opened(payload, tenure))).toEqual([
      ...lines,
      "y".repeat(clearMaxBytes - 1),
    ])
  })
})

test("lines share payloads, none of which is longer than PostgreSQL takes; one that is too long alone is left out", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `${index}${"é".repeat(500)}`)
  const found = payloads("head", [...lines, "x".repeat(8_000)])
  expect(found.length).toBeLessThan(8)
  for (const payload of found) {
    expect(Buffer.byteLength(payload)).toBeLessThan(8_000)
    expect(payload.startsWith("head\n")).toBe(true)
  }
  expect(found.flatMap((payload) => payload.split("\n").slice(1))).toEqual(lines)
  expect(payloads("", [])).toEqual([])
  expect(payloads("", ["a", "b"])).toEqual(["a\nb"])
})

test("of work a node says which and up to which number; one of another version may not say the number", () => {
  const names = { workspaceId, webhookId: asId("wh_1") }
  expect(readWorkLine("ws_1 wh_1 new 12")).toEqual({ ...names, what: "new", lastSequence: 12 })
  expect(readWorkLine("ws_1 wh_1 new")).toEqual({ ...names, what: "new", lastSequence: null })
  expect(readWorkLine("ws_1 wh_1 again")).toEqual({ ...names, what: "again" })
  expect(readWorkLine("nonsense")).toBeNull()
})

describe("who sends for a webhook, as the nodes say", () => {
  const all = Array.from({ length: shardCount }, (_, shard) => shard)
  const webhookId = newWebhookId()
  const [a, b] = [
    { nodeId: "a1", tenure: 1 },
    { nodeId: "b2", tenure: 7 },
  ]

  test("is read as it was written", () => {
    for (const shards of [new Set<number>(), new Set([0, 5, 130, 255]), new Set(all)]) {
      const said = { owner: b, shards }
      expect(readShardsNotice(shardsNotice(said))).toEqual(said)
    }
    expect(readShardsNotice("shards b2 7 ffff")).toBeNull()
    expect(readShardsNotice("relay b2\nhello")).toBeNull()
  })

  test("is the one that said so last, until it says otherwise or falls silent", () => {
    const owners = new Owners()
    expect(owners.of(webhookId, 0)).toBeNull()
    owners.heard({ owner: a, shards: new Set(all) }, 0)
    expect(owners.of(webhookId, 1_000)).toEqual(a)
    owners.heard({ owner: b, shards: new Set([shardOf(webhookId)]) }, 1_000)
    expect(owners.of(webhookId, 1_000)).toEqual(b)
    // What another node says takes nothing from it.
    owners.heard({ owner: a, shards: new Set() }, 1_500)
    expect(owners.of(webhookId, 1_500)).toEqual(b)
    owners.heard({ owner: { ...b, tenure: 8 }, shards: new Set([shardOf(webhookId)]) }, 2_000)
    expect(owners.of(webhookId, 2_000)?.tenure).toBe(8)
    expect(owners.of(webhookId, 9_000)).toBeNull()
    owners.heard({ owner: b, shards: new Set() }, 9_500)
    expect(owners.of(webhookId, 9_500)).toBeNull()
  })
})
