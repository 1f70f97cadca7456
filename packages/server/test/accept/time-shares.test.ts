import fc from "fast-check"
import { expect, test } from "vitest"
import { TimeShares } from "../../src/accept/time-shares.ts"
import { asId, type WorkspaceId } from "../../src/domain/ids.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

const [acme, other] = [asId<WorkspaceId>("ws_acme"), asId<WorkspaceId>("ws_other")]
const quarter = { share: 1 / 4, burstMs: 250 }

test("a rested workspace begins until its burst is used up, and waits for its share to come again", async () => {
  const clock = new VirtualClock()
  const shares = new TimeShares(clock, quarter)
  const log: { readonly atMs: number; readonly waitMs: number }[] = []
  for (let n = 0; n < 6; n++) {
    const waitMs = shares.waitMs(acme)
    log.push({ atMs: clock.monotonic(), waitMs })
    await clock.advance(waitMs)
    // The work itself takes 100 ms.
    await clock.advance(100)
    shares.charge(acme, 100)
  }
  // 250 ms last for two, and what came back meanwhile for two more.
  expect(log).toEqual([
    { atMs: 0, waitMs: 0 },
    { atMs: 100, waitMs: 0 },
    { atMs: 200, waitMs: 0 },
    { atMs: 300, waitMs: 0 },
    { atMs: 400, waitMs: 300 },
    { atMs: 800, waitMs: 300 },
  ])
  expect(shares.waitMs(other)).toBe(0)
})

const works = fc.array(fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 100 })), {
  minLength: 1,
  maxLength: 60,
})

test("in no stretch is more taken than its share of it, the burst, and the one that went beyond", async () => {
  await fc.assert(
    fc.asyncProperty(works, async (given) => {
      const clock = new VirtualClock()
      const shares = new TimeShares(clock, quarter)
      const begun: { readonly atMs: number; readonly tookMs: number }[] = []
      for (const [pauseMs, tookMs] of given) {
        await clock.advance(pauseMs)
        await clock.advance(shares.waitMs(acme))
        begun.push({ atMs: clock.monotonic(), tookMs })
        await clock.advance(tookMs)
        shares.charge(acme, tookMs)
      }
      begun.forEach((first, at) => {
        let takenMs = 0
        for (const { atMs, tookMs } of begun.slice(at)) {
          takenMs += tookMs
          const stretchMs = atMs + tookMs - first.atMs
          expect(takenMs).toBeLessThanOrEqual(stretchMs * quarter.share + quarter.burstMs + 100.001)
        }
      })
    }),
  )
})

test("who takes less than its share never waits", async () => {
  const clock = new VirtualClock()
  const shares = new TimeShares(clock, quarter)
  for (let n = 0; n < 10_000; n++) {
    expect(shares.waitMs(acme)).toBe(0)
    shares.charge(acme, 0.2)
    await clock.advance(1)
  }
})

test("a pause takes all that is left, and shortens no longer one", async () => {
  const clock = new VirtualClock()
  const shares = new TimeShares(clock, quarter)
  shares.pause(acme, 10_000)
  shares.pause(acme, 1_000)
  expect(shares.waitMs(acme)).toBe(10_000)
  await clock.advance(10_000)
  expect(shares.waitMs(acme)).toBe(0)
  shares.charge(acme, 1)
  expect(shares.waitMs(acme)).toBe(4)
})

test("nothing is kept of workspaces that have rested", async () => {
  const clock = new VirtualClock()
  const shares = new TimeShares(clock, quarter)
  for (let n = 0; n < 10_000; n++) {
    shares.charge(asId<WorkspaceId>(`ws_${n}`), 1)
    await clock.advance(1)
  }
  expect(shares.size).toBeLessThanOrEqual(5)
})
