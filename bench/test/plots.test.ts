import { describe, expect, it } from "vitest"
import { barPlot } from "../plot/bar-plot.ts"
import { linePlot } from "../plot/line-plot.ts"
import { escaped } from "../plot/svg.ts"
import { ticksUpTo } from "../plot/ticks.ts"

describe("axes", () => {
  it("end at a round value that holds everything", () => {
    expect(ticksUpTo(0.62, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8])
    expect(ticksUpTo(1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
    expect(ticksUpTo(9_300, 5)).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000])
    expect(ticksUpTo(0, 5)).toEqual([0, 1])
  })
})

describe("plots", () => {
  it("are well-formed whatever the labels", () => {
    expect(escaped(`a < b & "c"`)).toBe("a &lt; b &amp; &quot;c&quot;")
    const bar = { label: "a<b", value: { median: 1, min: 0.5, max: 2 }, shown: "1", as: "s0" }
    const svg = barPlot("T & T", "note", [{ title: "g", bars: [bar] }])
    expect(svg).toContain("T &amp; T")
    expect(svg).not.toContain("a<b")
    // Each element that is opened is closed.
    const opened = [...svg.matchAll(/<(\w+)(?:\s[^>]*[^/])?>/g)].map(([, name]) => name)
    const closed = [...svg.matchAll(/<\/(\w+)>/g)].map(([, name]) => name)
    expect(opened.sort()).toEqual(closed.sort())
  })

  it("give a bar the length of its median, and a line to its extremes", () => {
    const value = (median: number) => ({ median, min: median, max: median })
    const bars = [1, 0.5].map((share) => ({ label: `${share}`, value: value(share), shown: `${share}`, as: "s0" }))
    const svg = barPlot("T", "", [{ title: "g", bars }])
    const widths = [...svg.matchAll(/<rect x="170"[^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect(widths).toHaveLength(2)
    expect(widths[1]).toBeCloseTo((widths[0] ?? 0) / 2, 0)
    expect(svg).not.toContain('class="whisker"')
  })

  it("draw a curve for each series, and leave out what is no number", () => {
    const svg = linePlot({
      title: "T",
      note: "n",
      xLabel: "s",
      yLabel: "MiB",
      series: [
        {
          label: "a",
          points: [
            [0, 1],
            [1, Number.NaN],
            [2, 3],
          ],
        },
        {
          label: "b",
          points: [
            [0, 2],
            [2, 2],
          ],
        },
      ],
      bound: { y: 4, label: "most" },
    })
    const curves = [...svg.matchAll(/<polyline[^>]*points="([^"]*)"/g)].map(
      ([, points = ""]) => points.split(" ").length,
    )
    expect(curves).toEqual([2, 2])
    expect(svg).not.toContain("NaN")
    expect(svg).toContain("most")
  })
})
