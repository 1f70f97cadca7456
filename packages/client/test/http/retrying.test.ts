import { describe, expect, it } from "vitest"
import { afterFailure, retryingDefaults } from "../../src/http/retrying.ts"
import { TocsinProblem, TocsinUnreachable } from "../../src/index.ts"

function refusal(status: number, retryAfterSeconds: number | null = null): TocsinProblem {
  return new TocsinProblem({
    status,
    code: "x",
    title: "x",
    detail: "x",
    errors: [],
    requestId: null,
    retryAfterSeconds,
  })
}

const unreachable = new TocsinUnreachable("x", {})

describe("whether to try again", () => {
  it.each([
    ["repeatable", unreachable, "retry"],
    ["repeatable", refusal(429), "retry"],
    ["repeatable", refusal(502), "retry"],
    ["repeatable", refusal(503), "retry"],
    ["repeatable", refusal(504), "retry"],
    ["repeatable", refusal(500), "giveUp"],
    ["repeatable", refusal(422), "giveUp"],
    ["repeatable", refusal(401), "giveUp"],
    ["repeatable", new Error("a fault of our own"), "giveUp"],
    // Whether it was done is unknown: doing it twice would be worse than saying so.
    ["once", unreachable, "giveUp"],
    ["once", refusal(503), "giveUp"],
    ["once", refusal(429), "retry"],
  ] as const)("%s after %s: %s", (repetition, failure, expected) => {
    expect(afterFailure(retryingDefaults, repetition, 1, failure, 0).do).toBe(expected)
  })

  it("ends with the last retry, and never begins when there are none", () => {
    expect(afterFailure(retryingDefaults, "repeatable", 4, unreachable, 0).do).toBe("retry")
    expect(afterFailure(retryingDefaults, "repeatable", 5, unreachable, 0).do).toBe("giveUp")
    expect(afterFailure({ ...retryingDefaults, retries: 0 }, "repeatable", 1, unreachable, 0).do).toBe("giveUp")
  })
})

describe("how long to wait", () => {
  const delays = (random: number, failure: unknown = unreachable) =>
    [1, 2, 3, 4].map((tried) => afterFailure(retryingDefaults, "repeatable", tried, failure, random))

  it("doubles, spread over the upper half", () => {
    expect(delays(0).map((next) => next.do === "retry" && next.delayMs)).toEqual([125, 250, 500, 1000])
    expect(delays(1).map((next) => next.do === "retry" && next.delayMs)).toEqual([250, 500, 1000, 2000])
  })

  it("has a limit", () => {
    const patient = { ...retryingDefaults, retries: 50 }
    expect(afterFailure(patient, "repeatable", 40, unreachable, 1)).toEqual({ do: "retry", delayMs: 10_000 })
  })

  it("is never shorter than the server asks", () => {
    expect(delays(0, refusal(503, 3)).map((next) => next.do === "retry" && next.delayMs)).toEqual(Array(4).fill(3000))
  })

  it("is left to the caller when the server asks for more than a minute", () => {
    expect(afterFailure(retryingDefaults, "repeatable", 1, refusal(503, 60), 0).do).toBe("retry")
    expect(afterFailure(retryingDefaults, "repeatable", 1, refusal(503, 61), 0).do).toBe("giveUp")
  })
})
