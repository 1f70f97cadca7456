import { describe, expect, test } from "vitest"
import { Arrivals, type Arrived } from "../../src/dispatch/arrivals.ts"
import { delivery } from "./waiting-delivery.ts"

/** Numbers, with a dash before each that does not follow on the one before. */
const seen = (arrived: readonly Arrived[]) =>
  arrived.map(({ delivery: { sequence }, follows }) => `${follows ? "" : "-"}${sequence}`).join(" ")

describe("what is pushed for a webhook", () => {
  test("goes on in the order of its numbers, though two nodes tell of it", () => {
    const arrivals = new Arrivals(100)
    expect(seen(arrivals.take(delivery(1), 0))).toBe("-1")
    expect(seen(arrivals.take(delivery(2), 0))).toBe("2")
    expect(seen(arrivals.take(delivery(5), 10))).toBe("")
    expect(seen(arrivals.take(delivery(4), 20))).toBe("")
    expect(arrivals.overdueAtMs()).toBe(110)
    expect(seen(arrivals.take(delivery(3), 30))).toBe("3 4 5")
    expect(arrivals.overdueAtMs()).toBe(Number.POSITIVE_INFINITY)
    expect(seen(arrivals.take(delivery(6), 40))).toBe("6")
  })

  test("counts once, however often it comes", () => {
    const arrivals = new Arrivals(100)
    arrivals.take(delivery(1), 0)
    expect(seen(arrivals.take(delivery(1), 0))).toBe("")
    arrivals.take(delivery(3), 0)
    expect(seen(arrivals.take(delivery(3), 0))).toBe("")
    expect([1, 2, 3, 4].map((sequence) => arrivals.accountsFor(sequence))).toEqual([true, false, true, false])
    expect(seen(arrivals.take(delivery(2), 0))).toBe("2 3")
  })

  test("waits no longer than it may, and then shows what is missing", () => {
    const arrivals = new Arrivals(100)
    arrivals.take(delivery(1), 0)
    arrivals.take(delivery(5), 10)
    arrivals.take(delivery(3), 50)
    expect(seen(arrivals.overdue(109))).toBe("")
    expect(seen(arrivals.overdue(110))).toBe("-3 -5")
    // It comes after all: it is read already, or being read.
    expect(seen(arrivals.take(delivery(2), 120))).toBe("")
    expect(seen(arrivals.take(delivery(6), 120))).toBe("6")
  })

  test("does not wait for a clock that was set back", () => {
    const arrivals = new Arrivals(100)
    arrivals.take(delivery(1), 1_000)
    arrivals.take(delivery(3), 1_000)
    expect(seen(arrivals.overdue(5))).toBe("-3")
  })

  test("does not wait for what is known not to come", () => {
    const arrivals = new Arrivals(100)
    arrivals.take(delivery(1), 0)
    arrivals.take(delivery(4), 0)
    arrivals.take(delivery(3), 0)
    expect(seen(arrivals.missed(2))).toBe("3 4")
    arrivals.take(delivery(7), 0)
    // Of what has come nothing is missing.
    expect(seen(arrivals.missed(4))).toBe("")
    expect(seen(arrivals.missed(null))).toBe("-7")
    // Nobody said how many there were: whatever comes now need not wait for them.
    expect(seen(arrivals.take(delivery(9), 0))).toBe("-9")
  })

  test("is not held back when it is large, when many are, or when nobody else stores", () => {
    const large = { ...delivery(3), body: "x".repeat(10_000) }
    const arrivals = new Arrivals(100)
    arrivals.take(delivery(1), 0)
    expect(seen(arrivals.take(large, 0))).toBe("-3")
    const many = new Arrivals(100)
    many.take(delivery(1), 0)
    const passed = Array.from({ length: 100 }, (_, index) => many.take(delivery(3 + index), 0)).flat()
    expect(passed.length).toBeGreaterThan(60)
    const alone = new Arrivals(0)
    alone.take(delivery(1), 0)
    expect(seen(alone.take(delivery(3), 0))).toBe("-3")
  })

  test("follows on nothing once it is forgotten what there was", () => {
    const arrivals = new Arrivals(100)
    arrivals.take(delivery(1), 0)
    arrivals.take(delivery(3), 0)
    arrivals.forget()
    expect(arrivals.accountsFor(1)).toBe(false)
    expect(seen(arrivals.take(delivery(2), 0))).toBe("-2")
    expect(seen(arrivals.take(delivery(3), 0))).toBe("3")
  })

  test("does not follow when it has been there before: it may be over by now", () => {
    const arrivals = new Arrivals(100)
    for (const sequence of [1, 2, 3]) arrivals.take(delivery(sequence), 0)
    arrivals.forget()
    expect(seen(arrivals.take(delivery(2), 0))).toBe("-2")
    expect(seen(arrivals.take(delivery(3), 0))).toBe("-3")
    expect(seen(arrivals.take(delivery(4), 0))).toBe("4")
  })
})
