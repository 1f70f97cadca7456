import { parseArgs } from "node:util"

export const scaleNames = ["backlog", "dead", "fanout", "routing", "history", "overload"] as const
export type ScaleName = (typeof scaleNames)[number]

export type ScaleOptions = {
  readonly names: readonly ScaleName[]
  readonly size: number
  readonly json: boolean
  readonly help: boolean
}

export const help = `What becomes of throughput, latency and memory at sizes that nobody begins with.

  npm run bench:scale -- backlog      1,000,000 pending deliveries: memory, restart, throughput beside an empty store
  npm run bench:scale -- dead         10,000 webhooks, half of them dead: throughput of the healthy half
  npm run bench:scale -- fanout       one event to 1 … 1,000 webhooks
  npm run bench:scale -- routing      what choosing among 10 … 10,000 selective webhooks costs an event
  npm run bench:scale -- history      10,000,000 attempts stored: throughput beside an empty store, the log's first page
  npm run bench:scale -- overload     three times what it can deliver is due, for three minutes: what of it the generator can
                                      send is told

  Several names run one after the other, \`all\` runs all: about an hour, and 25 GB of room in the temporary directory
  (TMPDIR), most of both for history.

  --size 0.01    a trial: all sizes and times are multiplied by this, and nothing is recorded in the documents
  --json         prints the results as JSON

Each prints whether its targets were met. Results go to bench/results/; a run at full size is recorded, with its curves,
in docs/benchmarks.md too, which tells how to read it.
`

/** @throws Error of one line for a name or an option that is unknown. */
export function scaleOptions(args: readonly string[]): ScaleOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      size: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  })
  const size = Number(values.size)
  if (!(size > 0 && size <= 1)) throw new Error(`--size must be above 0 and at most 1, not ${values.size}`)
  const asked = positionals.includes("all") ? [...scaleNames] : positionals
  const names = asked.map((asked) => {
    const name = scaleNames.find((each) => each === asked)
    if (name === undefined) throw new Error(`${asked} is none of ${scaleNames.join(", ")}, all`)
    return name
  })
  return { names, size, json: values.json, help: values.help || names.length === 0 }
}
