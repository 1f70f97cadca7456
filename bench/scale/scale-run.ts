import type { Machine } from "../figures/machine.ts"
import type { Target } from "../figures/target.ts"
import type { LinePlot } from "../plot/line-plot.ts"

export type ScaleParts = {
  /** 1 for the record; less for a trial, by which all sizes and times are multiplied. */
  readonly size: number
  readonly say: (line: string) => void
}

/** What one benchmark of scale found. */
export type ScaleFindings = {
  /** What was done, in a sentence or two with its sizes. */
  readonly what: string
  readonly figures: Readonly<Record<string, number>>
  readonly curves: readonly (LinePlot & { readonly name: string })[]
  readonly targets: readonly Target[]
}

export type ScaleResult = ScaleFindings & {
  readonly at: string
  readonly name: string
  readonly size: number
  readonly machine: Machine
}

export type ScaleBenchmark = (parts: ScaleParts) => Promise<ScaleFindings>

/** A size of the record, as large as this run makes it. */
export function sized(full: number, { size }: Pick<ScaleParts, "size">, least = 1): number {
  return Math.max(least, Math.round(full * size))
}
