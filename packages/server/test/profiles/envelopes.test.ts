import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { asId, type EventId, IdMint, type WorkspaceId } from "../../src/domain/ids.ts"
import { profileNames } from "../../src/domain/workspace.ts"
import { profileByName } from "../../src/profiles/by-name.ts"
import type { EnvelopeParts } from "../../src/profiles/profile.ts"
import threatDetected from "../fixtures/documents/cybervault-threat.detected.json" with { type: "json" }
import complianceChanged from "../fixtures/documents/policycortex-compliance.status.changed.json" with { type: "json" }
import violationCreated from "../fixtures/documents/policycortex-policy.violation.created.json" with { type: "json" }
import scanCompleted from "../fixtures/documents/policycortex-scan.completed.json" with { type: "json" }

const policycortex = profileByName("policycortex")
const cybervault = profileByName("cybervault")
const standard = profileByName("standard")

const createdMs = Date.parse("2025-01-15T14:32:00Z")

function parts(changed: Partial<EnvelopeParts> = {}): EnvelopeParts {
  return {
    id: asId<EventId>("wh_8f3a2b9c-1e4d-5f6a-7b8c-9d0e1f2a3b4c"),
    type: "threat.detected",
    createdMs,
    data: "{}",
    workspaceId: asId<WorkspaceId>("ws_5501"),
    engineVersion: null,
    idempotencyKey: null,
    metadata: null,
    ...changed,
  }
}

describe("the documented payloads", () => {
  it.each([violationCreated, complianceChanged, scanCompleted])(
    "PolicyCortex: $type comes out as printed, field for field and in order",
    (printed) => {
      const body = policycortex.envelope(
        parts({
          id: asId<EventId>(printed.id),
          type: printed.type,
          createdMs: Date.parse(printed.created),
          data: JSON.stringify(printed.data),
        }),
      )
      expect(body).toBe(JSON.stringify(printed))
    },
  )

  it("CyberVault: threat.detected comes out as printed, field for field and in order", () => {
    const body = cybervault.envelope(
      parts({
        id: asId<EventId>(threatDetected.id),
        type: threatDetected.event,
        createdMs: Date.parse(threatDetected.timestamp),
        data: JSON.stringify(threatDetected.data),
        workspaceId: asId<WorkspaceId>(threatDetected.metadata.workspace_id),
        idempotencyKey: threatDetected.metadata.idempotency_key,
      }),
    )
    expect(body).toBe(JSON.stringify(threatDetected))
  })
})

describe("the standard envelope", () => {
  it("has type, timestamp and data", () => {
    expect(standard.envelope(parts({ type: "order.paid", data: '{"total":1.0}' }))).toBe(
      '{"type":"order.paid","timestamp":"2025-01-15T14:32:00Z","data":{"total":1.0}}',
    )
  })
})

describe.each(profileNames)("every envelope, and so %s's", (name) => {
  const profile = profileByName(name)

  it.each([
    ["64-bit integers", '{"n":12345678901234567890}'],
    ["floats that are whole", '{"n":1.0,"e":1E3}'],
    ["the order of keys, those that look like integers too", '{"b":1,"2":2,"a":3,"1":4}'],
    ["unicode, raw and escaped", '{"name":"Ünïcödé \\u00e9 🔔 \\ud83d\\udd14"}'],
    ["spaces and lines", '{ "a" :\n\t[ 1 , 2 ] }'],
    ["repeated keys", '{"a":1,"a":2}'],
    ["__proto__", '{"__proto__":{"admin":true}}'],
  ])("leaves %s in data as the publisher sent them", (_what, data) => {
    const body = profile.envelope(parts({ data }))
    expect(body).toContain(`"data":${data}`)
    expect(() => JSON.parse(body)).not.toThrow()
  })

  it("contains any data untouched, and is JSON", () => {
    fc.assert(
      fc.property(fc.json(), (data) => {
        const body = profile.envelope(parts({ data }))
        expect(body).toContain(`"data":${data}`)
        expect(JSON.parse(body).data).toEqual(JSON.parse(data))
      }),
    )
  })

  it("prints times in whole seconds, never later than they are", () => {
    expect(profile.envelope(parts({ createdMs: createdMs + 999 }))).toContain('"2025-01-15T14:32:00Z"')
  })
})

describe("CyberVault's metadata", () => {
  const metadataOf = (changed: Partial<EnvelopeParts>) => {
    const body = cybervault.envelope(parts(changed))
    return body.slice(body.indexOf('"metadata":') + '"metadata":'.length, -1)
  }

  it("generates an idempotency key from the event's id, the same each time and another for another event", () => {
    const first = JSON.parse(metadataOf({})).idempotency_key
    expect(first).toMatch(/^idm_[0-9a-f]{32}$/)
    expect(JSON.parse(metadataOf({})).idempotency_key).toBe(first)
    const other = metadataOf({ id: asId<EventId>("wh_8f3a2b9c-1e4d-5f6a-7b8c-9d0e1f2a3b4d") })
    expect(JSON.parse(other).idempotency_key).not.toBe(first)
  })

  it("takes the engine's version from the event, else the workspace, else the document", () => {
    const stated = '{"engine_version":"ai_v9"}'
    expect(JSON.parse(metadataOf({ metadata: stated, engineVersion: "ai_v4" })).engine_version).toBe("ai_v9")
    expect(JSON.parse(metadataOf({ engineVersion: "ai_v4" })).engine_version).toBe("ai_v4")
    expect(JSON.parse(metadataOf({})).engine_version).toBe("ai_v3.1")
    expect(JSON.parse(metadataOf({ metadata: '{"engine_version":null}' })).engine_version).toBe("ai_v3.1")
  })

  it("appends the publisher's own members, their values untouched, behind the three documented ones", () => {
    const metadata =
      '{ "trace" : {"engine_version":"inner","list":[1.0,"}{,:\\"]"]} , "10":12345678901234567890,"é":null }'
    expect(metadataOf({ metadata, idempotencyKey: "k" })).toBe(
      '{"workspace_id":"ws_5501","engine_version":"ai_v3.1","idempotency_key":"k",' +
        '"trace":{"engine_version":"inner","list":[1.0,"}{,:\\"]"]},"10":12345678901234567890,"é":null}',
    )
  })

  it("does not let a publisher pose as another workspace, nor escape the idempotency field", () => {
    const metadata = '{"workspace_id":"ws_other","workspace\\u005fid":"ws_other","idempotency_key":"mine","kept":1}'
    expect(metadataOf({ metadata, idempotencyKey: "k" })).toBe(
      '{"workspace_id":"ws_5501","engine_version":"ai_v3.1","idempotency_key":"k","kept":1}',
    )
  })

  it("holds the same values as any publisher's metadata", () => {
    const reserved = ["workspace_id", "engine_version", "idempotency_key"]
    const anyObject = fc.dictionary(
      fc.string().filter((name) => !reserved.includes(name)),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(anyObject, fc.constantFrom(undefined, 2), (object, indent) => {
        const further = Object.entries(JSON.parse(metadataOf({ metadata: JSON.stringify(object, null, indent) })))
        expect(Object.fromEntries(further.filter(([name]) => !reserved.includes(name)))).toEqual(
          JSON.parse(JSON.stringify(object)),
        )
      }),
    )
  })
})

describe("event ids", () => {
  const unique = new IdMint(() => "0123456789abcdef").next(createdMs)
  it.each([
    ["policycortex", /^evt_[0-9a-f]{32}$/],
    ["cybervault", /^wh_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["standard", /^msg_[0-9a-f]{32}$/],
  ] as const)("have %s's form", (name, form) => {
    expect(profileByName(name).eventId(unique)).toMatch(form)
  })
})
