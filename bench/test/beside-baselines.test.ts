import { describe, expect, it } from "vitest"
import { besideBaselines } from "../scale/beside-baselines.ts"

describe("half of the webhooks dead", () => {
  const healthy = { perSecond: 2_000, lastSeconds: 10 }
  const idle = { perSecond: 4_000, lastSeconds: 5 }
  const beside = (perSecond: number, lastSeconds: number) =>
    besideBaselines({ "all healthy": healthy, "half idle": idle, "half dead": { perSecond, lastSeconds } })
  const reached = (perSecond: number, lastSeconds: number) =>
    beside(perSecond, lastSeconds).targets.map((target) => target.reached)

  it("is held to the quicker baseline, since the other has twice the work", () => {
    expect(beside(3_000, 5)).toMatchObject({ ofAllHealthy: 1.5, ofHalfIdle: 0.75 })
    expect(reached(3_000, 5)).toEqual([false, true])
    expect(reached(3_700, 5)).toEqual([true, true])
  })

  it("is held to all healthy where, by whatever chance, that was the quicker", () => {
    const pace = { perSecond: 4_000, lastSeconds: 5 }
    const slowIdle = { perSecond: 3_000, lastSeconds: 9 }
    const { targets } = besideBaselines({ "all healthy": pace, "half idle": slowIdle, "half dead": slowIdle })
    expect(targets.map(({ figure }) => figure)).toEqual([0.75, 1.8])
  })

  it("may let the last healthy event wait for a retry, and not for the timeout of a dead one", () => {
    expect(reached(4_000, 9.5)).toEqual([true, true])
    expect(reached(4_000, 35)).toEqual([true, false])
  })
})
