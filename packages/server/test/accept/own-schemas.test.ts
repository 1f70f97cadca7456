import { describe, expect, it } from "vitest"
import { OwnSchemas } from "../../src/accept/own-schemas.ts"
import { asId, type WorkspaceId } from "../../src/domain/ids.ts"
import type { JsonSchema } from "../../src/domain/workspace.ts"

const [acme, other] = [asId<WorkspaceId>("ws_acme"), asId<WorkspaceId>("ws_other")]
const schema = { properties: { s: { type: "string" } } }

/** Time that passes while data is looked at. */
class Stopwatch {
  nowMs = 0
  monotonic(): number {
    return this.nowMs
  }

  /** An event whose check takes so long, as a pattern can make it. */
  taking(checkMs: number): { readonly schema: typeof schema; readonly data: object; readonly characters: number } {
    return { schema, data: this.#once("s", checkMs), characters: 12 }
  }

  /** A schema that takes so long to compile. */
  compiling(compileMs: number): JsonSchema {
    return { ...schema, not: this.#once("title", compileMs) }
  }

  // Both are read more than once, and only once does it take time.
  #once(name: string, takesMs: number): object {
    let unread = true
    const get = () => {
      if (unread) this.nowMs += takesMs
      unread = false
      return "text"
    }
    return Object.defineProperty({}, name, { enumerable: true, get })
  }
}

describe("checks that stay within their bound, one after the other", () => {
  it.each([65, 8])("of %d ms each get a workspace a third of the time, and others none the less", (checkMs) => {
    const time = new Stopwatch()
    const own = new OwnSchemas(time)
    let [checkedMs, refused, longestMs, piecesMs] = [0, 0, 0, 0]
    while (time.nowMs < 10_000) {
      const verdict = own.check(acme, [time.taking(checkMs)])
      if (verdict.is === "checked") {
        checkedMs += checkMs
        piecesMs += checkMs
        longestMs = Math.max(longestMs, piecesMs)
        continue
      }
      expect(verdict.waitMs).toBeLessThanOrEqual(checkMs * 3)
      refused++
      piecesMs = 0
      time.nowMs += 1
      if (refused % 100 === 0) expect(own.check(other, [time.taking(0.01)]).is).toBe("checked")
    }
    expect(checkedMs).toBeGreaterThan(3_000)
    // A hundredth more: what is free of each.
    expect(checkedMs).toBeLessThan((10_000 / 3) * 1.01 + 200 + checkMs)
    // In one piece: the burst, what comes back of it meanwhile, and the one that goes beyond.
    expect(longestMs).toBeLessThanOrEqual(300 + checkMs)
    expect(refused).toBeGreaterThan(1_000)
  })

  it("of ordinary schemas are never refused, though the machine does nothing else", () => {
    const time = new Stopwatch()
    const own = new OwnSchemas(time)
    while (time.nowMs < 5_000) {
      const batch = Array.from({ length: 1_000 }, () => time.taking(0.01))
      expect(own.check(acme, batch).is).toBe("checked")
    }
  })
})

it("schemas to compile after a start get five seconds, and then a third of the time", () => {
  const time = new Stopwatch()
  const own = new OwnSchemas(time)
  let compiledMs = 0
  while (time.nowMs < 60_000) {
    const verdict = own.check(acme, [{ schema: time.compiling(300), data: { title: 1 }, characters: 11 }])
    if (verdict.is === "checked") compiledMs += 300
    else time.nowMs += 10
  }
  expect(compiledMs).toBeGreaterThan(20_000)
  expect(compiledMs).toBeLessThanOrEqual(5_000 + 20_000 + 300)
})

it("registrations that each go unnoticed get a tenth of the time together", () => {
  const time = new Stopwatch()
  const own = new OwnSchemas(time)
  let [tookMs, tooSoon] = [0, 0]
  while (time.nowMs < 100_000) {
    const { data } = time.taking(90)
    const verdict = own.registration(acme, { ...schema, $comment: String(time.nowMs) }, data)
    if (verdict.is === "fit") tookMs += 90
    else {
      tooSoon++
      time.nowMs += 10
    }
  }
  expect(tookMs).toBeLessThanOrEqual(1_000 + 10_000 + 90)
  expect(tooSoon).toBeGreaterThan(1_000)
})
