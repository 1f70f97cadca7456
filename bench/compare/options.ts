import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"

export type CompareOptions = {
  readonly quick: boolean
  readonly rounds: number
  /** How long each contender is to be measured in each round. */
  readonly secondsEach: number
  /** Given in place of `secondsEach`: so many events whatever they take. */
  readonly events: number | null
  readonly webhooks: number
  /** Of the rounds' orders. */
  readonly seed: number
  readonly only: string | null
  readonly json: boolean
  readonly prof: boolean
  readonly latency: boolean
  /** A full run's result to record again; "" for the newest. Nothing is measured then. */
  readonly plot: string | null
  readonly help: boolean
}

/** What a run for the record has at least; of webhooks, exactly: each costs something, so more are another benchmark. */
export const full = { rounds: 5, secondsEach: 4, webhooks: 100 } as const

export const help = `How close deliveries come to the limit: a bare loop that signs and posts to the same receiver.

  npm run bench                       everything, about twenty minutes; keep the machine quiet meanwhile
  npm run bench -- --quick            a look at it in under two minutes, not for the record
  npm run bench -- --only tocsin+embedded,bullmq
                                      what has all words of one of the patterns in its name; the words are
                                      tocsin embedded postgres three-nodes http https none strict, bare, bullmq everysec pg-boss
                                      graphile-worker, single (one event a request) and batch (50)
  npm run bench -- --plot [result]    records a full run's result again, by default the newest: docs/benchmarks/throughput.svg,
                                      and its sections of README.md and docs/benchmarks.md

  --rounds 5       interleaved rounds, each in an order of its own
  --seconds 4      about how long each contender is measured in a round
  --events 20000   so many events in place of that
  --webhooks 100   which events go to in turn
  --seed 7         orders of a run before, whose result tells it; another each time unless given
  --no-latency     leaves out the latencies at half of the measured load
  --prof           writes the Tocsin servers' CPU profiles (*.cpuprofile) into the current directory
  --json           prints the result as JSON

The bare path is Tocsin's libraries and threads without an engine: what is between it and the limit none could give.
A rate counts deliveries whose attempt is durably recorded. Results go to bench/results/. A full run is recorded in the
documents too: one without --quick, --only, --events, --no-latency and --prof, with --webhooks 100, and with no fewer rounds
and seconds than it has by itself. docs/benchmarks.md tells how to read it, and what is fair about the comparison.
Contenders other than Tocsin are installed on first use, into bench/peers/node_modules; they need Redis and PostgreSQL,
which are looked for on the machine and, as root on Debian, installed.
`

/** @throws Error of one line for an option that is unknown or no number. */
export function compareOptions(args: readonly string[]): CompareOptions {
  // `--plot` alone means the newest result.
  const spelled = args.map((arg, at) => (arg === "--plot" && !isValue(args[at + 1]) ? "--plot=" : arg))
  const { values } = parseArgs({
    args: spelled,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      events: { type: "string" },
      webhooks: { type: "string", default: String(full.webhooks) },
      seed: { type: "string" },
      only: { type: "string" },
      plot: { type: "string" },
      json: { type: "boolean", default: false },
      prof: { type: "boolean", default: false },
      "no-latency": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  })
  const { quick } = values
  return {
    quick,
    rounds: positive("--rounds", values.rounds ?? (quick ? "3" : String(full.rounds))),
    secondsEach: positive("--seconds", values.seconds ?? (quick ? "0.8" : String(full.secondsEach))),
    events: values.events === undefined ? null : positive("--events", values.events),
    webhooks: positive("--webhooks", values.webhooks),
    seed: values.seed === undefined ? randomInt(1, 2 ** 31) : positive("--seed", values.seed),
    only: values.only ?? null,
    plot: values.plot ?? null,
    json: values.json,
    prof: values.prof,
    latency: !values["no-latency"],
    help: values.help,
  }
}

function isValue(arg: string | undefined): boolean {
  return arg !== undefined && !arg.startsWith("--")
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`${name} must be a number above 0, not ${text}`)
  return value
}
