import { createHash } from "node:crypto"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { AuditRecord } from "../../src/domain/audit.ts"
import { ChainCheck, canonicalJson, exportedRecord, linked } from "../../src/domain/audit-chain.ts"
import { asId } from "../../src/domain/ids.ts"

function chainOf(details: readonly unknown[]): AuditRecord[] {
  const chain: AuditRecord[] = []
  for (const [at, after] of details.entries()) {
    const entry = {
      id: asId<AuditRecord["id"]>(`aud_${at}`),
      workspaceId: asId<AuditRecord["workspaceId"]>("ws_1"),
      atMs: at,
      actor: { kind: "api_key", id: "key_1", name: "ci" },
      address: "192.0.2.1",
      action: "webhook.updated",
      subject: "wh_1",
      before: null,
      after,
    } as const
    chain.push(linked(entry, chain.at(-1) ?? null))
  }
  return chain
}

/** The head is kept apart: what is done to the records does not change it. */
function flawOf(records: readonly AuditRecord[], written = records) {
  const check = new ChainCheck()
  for (const record of records) check.take(record)
  return check.end(written.at(-1) ?? null).flaw
}

const details = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 12 })

describe("a chain of audit records", () => {
  test("checks out as written", () => {
    fc.assert(
      fc.property(details, (all) => {
        expect(flawOf(chainOf(all))).toBeNull()
      }),
    )
    expect(flawOf([])).toBeNull()
  })

  test("shows a removed record, at its place", () => {
    fc.assert(
      fc.property(details, fc.nat(), (all, choice) => {
        const chain = chainOf(all)
        const at = choice % chain.length
        expect(flawOf(chain.toSpliced(at, 1), chain)).toEqual({ sequence: at + 1, because: "missing" })
      }),
    )
  })

  test("shows an altered record, whichever member it was", () => {
    fc.assert(
      fc.property(
        details,
        fc.nat(),
        fc.constantFrom("id", "workspaceId", "atMs", "actor", "address", "action", "subject", "before", "after"),
        (all, choice, member) => {
          const chain = chainOf(all)
          const at = choice % chain.length
          const found = chain[at]
          if (!found) throw new Error("it is within the chain")
          const other = member === "atMs" ? 77 : member === "actor" ? { kind: "engine" } : "another"
          const altered = chain.with(at, { ...found, [member]: other })
          expect(flawOf(altered, chain)).toEqual({ sequence: at + 1, because: "altered" })
        },
      ),
    )
  })

  test("shows one that was altered and hashed anew, by what follows it or by the head", () => {
    fc.assert(
      fc.property(details, fc.nat(), (all, choice) => {
        const chain = chainOf(all)
        const at = choice % chain.length
        const found = chain[at]
        if (!found) throw new Error("it is within the chain")
        const forged = linked({ ...found, subject: "wh_2" }, chain[at - 1] ?? null)
        expect(flawOf(chain.with(at, forged), chain)).not.toBeNull()
      }),
    )
  })

  test("shows records that changed places", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 2, maxLength: 8 }), fc.nat(), fc.nat(), (all, one, other) => {
        const chain = chainOf(all)
        const [a, b] = [one % chain.length, other % chain.length]
        fc.pre(a !== b)
        const [first, second] = [chain[a], chain[b]]
        if (!first || !second) throw new Error("both are within the chain")
        expect(flawOf(chain.with(a, second).with(b, first), chain)).not.toBeNull()
        // Also when each takes the other's number along with its place.
        const renumbered = chain
          .with(a, { ...second, sequence: first.sequence })
          .with(b, { ...first, sequence: second.sequence })
        expect(flawOf(renumbered, chain)).not.toBeNull()
      }),
    )
  })

  test("shows a record that was put in twice", () => {
    const chain = chainOf([1, 2, 3])
    const [, second] = chain
    if (!second) throw new Error("there are three")
    expect(flawOf(chain.toSpliced(1, 0, second), chain)).toEqual({ sequence: 2, because: "misplaced" })
  })

  test("can be checked from an export alone, by SHA-256 over sorted JSON", () => {
    fc.assert(
      fc.property(details, (all) => {
        let previous = "0".repeat(64)
        for (const record of chainOf(all)) {
          const line: Record<string, unknown> = JSON.parse(JSON.stringify(exportedRecord(record)))
          const { hash, ...rest } = line
          expect(rest.previous_hash).toBe(previous)
          expect(createHash("sha256").update(canonicalJson(rest)).digest("hex")).toBe(hash)
          previous = String(hash)
        }
      }),
    )
  })
})

test("canonical JSON sorts members by UTF-16 code units and is JSON all the same (RFC 8785 §3.2.3)", () => {
  const value = { "€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, ö: [{ b: 1e21, a: -0 }, "\n\u0007"] }
  expect(canonicalJson(value)).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"ö":[{"a":0,"b":1e+21},"\\n\\u0007"],"€":1,"😀":5,"\ufb33":3}',
  )
  fc.assert(
    fc.property(fc.jsonValue(), (any) => {
      expect(JSON.parse(canonicalJson(any))).toEqual(JSON.parse(JSON.stringify(any)))
    }),
  )
})
