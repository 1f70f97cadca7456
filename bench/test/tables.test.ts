import { describe, expect, it } from "vitest"
import { markdownTable } from "../figures/markdown-table.ts"
import { rounded } from "../figures/rounded.ts"
import { atLeast, atMost } from "../figures/target.ts"
import { targetLines } from "../figures/target-lines.ts"

describe("what is printed", () => {
  it("is a table that reads in a terminal too: names to the left, figures to the right", () => {
    const table = markdownTable(
      ["name", "rate"],
      [
        ["limit", "13,607"],
        ["tocsin", "4,213"],
      ],
    )
    expect(table.split("\n")).toEqual([
      "| name   |   rate |",
      "| ------ | -----: |",
      "| limit  | 13,607 |",
      "| tocsin |  4,213 |",
    ])
  })

  it("rounds figures to what a person reads", () => {
    expect([12_345.6, 123.4, 12.34, 1.234, 0.1234, Number.POSITIVE_INFINITY, Number.NaN].map(rounded)).toEqual([
      "12,346",
      "123",
      "12.3",
      "1.23",
      "0.123",
      "∞",
      "–",
    ])
  })

  it("says of each target whether it was reached, and a figure that is missing reaches none", () => {
    const targets = [atLeast("share", 0.4, 0.35), atMost("p99", 30, 25, " ms"), atMost("memory", Number.NaN, 400)]
    expect(targets.map(({ reached }) => reached)).toEqual([true, false, false])
    expect(targetLines(targets)).toEqual([
      "pass  share   0.400, at least 0.350",
      "MISS  p99     30.0 ms, at most 25.0 ms",
      "MISS  memory  –, at most 400",
    ])
  })
})
