import { atLeast, atMost, type Target } from "../figures/target.ts"

/** What the half is of which nothing is counted: dead, or in one of two ways no burden. */
export const sideNames = ["all healthy", "half idle", "half dead"] as const
export type SideName = (typeof sideNames)[number]

/** Of the events for the healthy half. */
export type Pace = {
  readonly perSecond: number
  /** From the first request to the last arrival. */
  readonly lastSeconds: number
}

const ofBaselineAtLeast = 0.9
/** The last ones may be retries. Whatever waits for a dead one waits for its timeout, many times as long as all of them take. */
const timesTheLastAtMost = 2

export type BesideBaselines = {
  readonly ofAllHealthy: number
  readonly ofHalfIdle: number
  /** Against whichever baseline is the harder to come up to. */
  readonly targets: readonly Target[]
}

export function besideBaselines(paces: Readonly<Record<SideName, Pace>>): BesideBaselines {
  const [healthy, idle, dead] = [paces["all healthy"], paces["half idle"], paces["half dead"]]
  const [ofAllHealthy, ofHalfIdle] = [dead.perSecond / healthy.perSecond, dead.perSecond / idle.perSecond]
  const timesTheLast = dead.lastSeconds / Math.min(healthy.lastSeconds, idle.lastSeconds)
  return {
    ofAllHealthy,
    ofHalfIdle,
    targets: [
      atLeast("healthy throughput, of the quicker baseline's", Math.min(ofAllHealthy, ofHalfIdle), ofBaselineAtLeast),
      atMost("time to the last healthy arrival, times the quicker baseline's", timesTheLast, timesTheLastAtMost),
    ],
  }
}
