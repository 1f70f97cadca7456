export type Colours = Readonly<
  Record<"accent" | "good" | "bad" | "warn" | "info" | "line" | "muted" | "surface", string>
>

/** Canvas knows no CSS variables: a probe element tells what they come to now. */
export function presentColours(): Colours {
  const probe = document.createElement("span")
  document.body.append(probe)
  const of = (name: string) => {
    probe.style.color = `var(--color-${name})`
    return getComputedStyle(probe).color
  }
  const colours = {
    accent: of("plot-accent"),
    good: of("plot-good"),
    bad: of("plot-bad"),
    warn: of("plot-warn"),
    info: of("plot-info"),
    line: of("line"),
    muted: of("muted"),
    surface: of("surface"),
  }
  probe.remove()
  return colours
}
