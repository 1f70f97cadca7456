import { rounded } from "./rounded.ts"
import type { Target } from "./target.ts"

/** A line for each target, the missed ones as plainly as the others. */
export function targetLines(targets: readonly Target[]): readonly string[] {
  const width = Math.max(0, ...targets.map(({ what }) => what.length))
  return targets.map(({ what, figure, unit, mustBe, bound, reached }) => {
    const said = `${what.padEnd(width)}  ${rounded(figure)}${unit}, ${mustBe} ${rounded(bound)}${unit}`
    return `${reached ? "pass" : "MISS"}  ${said}`
  })
}
