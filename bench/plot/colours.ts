/**
 * One look for all plots, on light and on dark pages: the file follows the reader's scheme by itself, also inside an
 * `<img>`. The series' colours keep a contrast of 3:1 against both grounds.
 */
export const plotStyle = `
  :root { color-scheme: light dark }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 15px }
  .faint { fill: #57606a; font-size: 12px }
  .ground { fill: #ffffff }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .axis { stroke: #57606a; stroke-width: 1 }
  .whisker { stroke: #24292f; stroke-width: 1.5 }
  .bound { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .s0 { --c: #0969da } .s1 { --c: #bc4c00 } .s2 { --c: #1a7f37 } .s3 { --c: #8250df } .s4 { --c: #57606a }
  .bar { fill: var(--c) } .line { stroke: var(--c); fill: none; stroke-width: 2 } .dot { fill: var(--c) }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .ground { fill: #0d1117 }
    .grid { stroke: #30363d } .axis { stroke: #9198a1 } .whisker { stroke: #e6edf3 } .bound { stroke: #ff7b72 }
    .s0 { --c: #58a6ff } .s1 { --c: #f0883e } .s2 { --c: #3fb950 } .s3 { --c: #bc8cff } .s4 { --c: #9198a1 }
  }`

export const seriesClasses = ["s0", "s1", "s2", "s3", "s4"] as const
