import { expect, test } from "vitest"
import { campaign, faults, isWell, type Outcome } from "../torture/campaign.ts"

// `kills` and `read-only-disk` have stories of their own (crash.test.ts, stores/read-only-disk.test.ts), and so has
// `postgres` (postgres/faults.test.ts).
const elsewhere = ["kills", "read-only-disk", "postgres"]

test.each(faults.filter(({ name }) => !elsewhere.includes(name)))(
  "$title: nothing is lost, nothing out of order",
  { timeout: 120_000 },
  async (fault) => {
    const seed = Number(process.env.TORTURE_SEED ?? Math.floor(Math.random() * 1e9))
    const [outcome] = await campaign([fault], { forMs: 300, seed, before: () => {} })
    expect(outcome && isWell(outcome), `with TORTURE_SEED=${seed}: ${JSON.stringify(outcome, null, 1)}`).toBe(true)
    expect(done(outcome)).toBeGreaterThan(0)
  },
)

/** How much was done to it; what root alone may do counts as done where there is no root. */
function done(outcome: Outcome | undefined): number {
  if (outcome?.is === "left out" && process.getuid?.() !== 0) return 1
  return outcome?.is === "judged" ? Object.values(outcome.report.done).reduce((sum, count) => sum + count, 0) : 0
}
