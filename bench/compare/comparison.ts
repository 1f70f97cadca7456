import { readFileSync } from "node:fs"
import Type, { type Static } from "typebox"
import { Compile } from "typebox/compile"
import { Machine } from "../figures/machine.ts"
import { type Spread, spread } from "../figures/statistics.ts"
import { Latency } from "../load/latency.ts"

const Figures = Type.Object({
  name: Type.String(),
  events: Type.Number(),
  /** Deliveries a second whose attempt is durably recorded. */
  rate: Type.Number(),
  /** Of the limit of the same scheme in the same round. */
  ofLimit: Type.Number(),
  /** Processor time of a delivery, in µs: of the process that delivers, and of the database beside it. */
  cpuUs: Type.Number(),
  databaseCpuUs: Type.Number(),
  /** Peak of the process that delivers, and what the database held afterwards. */
  peakMiB: Type.Number(),
  databaseMiB: Type.Number(),
})
export type Figures = Static<typeof Figures>

const Round = Type.Object({
  /** Posts a second of the bare loop, by scheme. */
  limits: Type.Record(Type.String(), Type.Number()),
  /** What each is the median of, in the order taken; older results have one measurement, which was the limit. */
  limitSamples: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Number()))),
  figures: Type.Array(Figures),
})
export type Round = Static<typeof Round>

/** A whole run of `npm run bench`, as it is kept in `bench/results/`. */
const Comparison = Type.Object({
  at: Type.String(),
  /** Less than a full run: not for the record. */
  quick: Type.Boolean(),
  /** The options that made it so; not told by results from before it was looked at. */
  lessBecause: Type.Optional(Type.Array(Type.String())),
  machine: Machine,
  versions: Type.Record(Type.String(), Type.String()),
  webhooks: Type.Number(),
  secondsEach: Type.Number(),
  /** Of the rounds' orders; results from before they were shuffled have none. */
  seed: Type.Optional(Type.Number()),
  rounds: Type.Array(Round),
  latencies: Type.Array(Type.Object({ name: Type.String(), ...Latency.properties })),
})
export type Comparison = Static<typeof Comparison>
const compiled = Compile(Comparison)

/** @throws Error when the file is no result of this benchmark. */
export function readComparison(path: string): Comparison {
  return compiled.Parse(JSON.parse(readFileSync(path, "utf8")))
}

export type Summary = {
  readonly name: string
  readonly ofLimit: Spread
  readonly rate: number
  readonly cpuUs: number
  readonly databaseCpuUs: number
  readonly peakMiB: number
  readonly databaseMiB: number
}

/** Over the rounds: medians, and the spread of what all is about. */
export function summaries({ rounds }: Pick<Comparison, "rounds">): readonly Summary[] {
  const names = [...new Set(rounds.flatMap(({ figures }) => figures.map(({ name }) => name)))].sort()
  return names.map((name) => {
    const own = rounds.flatMap(({ figures }) => figures.filter((each) => each.name === name))
    const of = (field: "rate" | "cpuUs" | "databaseCpuUs") => spread(own.map((each) => each[field])).median
    const most = (field: "peakMiB" | "databaseMiB") => Math.max(...own.map((each) => each[field]))
    return {
      name,
      ofLimit: spread(own.map(({ ofLimit }) => ofLimit)),
      rate: of("rate"),
      cpuUs: of("cpuUs"),
      databaseCpuUs: of("databaseCpuUs"),
      peakMiB: most("peakMiB"),
      databaseMiB: most("databaseMiB"),
    }
  })
}
