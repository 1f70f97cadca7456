import { describe, expect, it } from "vitest"
import { SeededRandom } from "../../packages/server/test/simulation/seeded-random.ts"
import { type Comparison, summaries } from "../compare/comparison.ts"
import { comparisonPlot } from "../compare/comparison-plot.ts"
import { isMeant, meaningless } from "../compare/contender.ts"
import { lessThanFull } from "../compare/less-than-full.ts"
import { compareOptions } from "../compare/options.ts"
import { report } from "../compare/report.ts"
import { playRound } from "../compare/rounds.ts"
import { targetsOf } from "../compare/targets.ts"
import { warmUpOf } from "../compare/warming-up.ts"

function figures(name: string, ofLimit: number) {
  const beside = name.startsWith("tocsin/embedded") ? 0 : 80
  return {
    name,
    events: 1_000,
    rate: ofLimit * 10_000,
    ofLimit,
    cpuUs: 100,
    databaseCpuUs: beside,
    peakMiB: 200,
    databaseMiB: beside,
  }
}

const single = "tocsin/embedded/http/none/single"
const comparison: Comparison = {
  at: "2026-11-22T04:00:00.000Z",
  quick: false,
  machine: { cores: 2, cpu: "some", memoryGiB: 24, kernel: "6", node: "v24.0.0", commit: "abc", loadBefore: 0 },
  versions: { bullmq: "6.7.0" },
  webhooks: 100,
  secondsEach: 4,
  rounds: [0.3, 0.5, 0.4].map((ofLimit) => ({
    limits: { http: 10_000 },
    figures: [figures(single, ofLimit), figures("bullmq/single", 0.25)],
  })),
  latencies: [
    {
      name: single,
      eventsPerSecond: 2_000,
      seconds: 30,
      p50Ms: 3,
      p99Ms: 30,
      maxMs: 50,
      acceptP50Ms: 4,
      acceptP99Ms: 9,
      accepted: 60_000,
      arrived: 60_000,
    },
  ],
}

describe("the comparison", () => {
  it("sums rounds up by the median, with the lowest and the highest", () => {
    const tocsin = summaries(comparison).find(({ name }) => name === single)
    expect(tocsin?.ofLimit).toEqual({ median: 0.4, min: 0.3, max: 0.5 })
    expect(tocsin?.rate).toBe(4_000)
  })

  it("holds Tocsin to its share of the limit, to its latency, and to twice each peer", () => {
    const said = targetsOf(comparison).map(({ what, reached }) => `${reached} ${what}`)
    expect(said).toEqual([
      "true one event a request: share of the limit",
      "false one event a request: p99 from accept to arrival at half load",
      "false one event a request: times bullmq",
    ])
  })

  it("holds to its latency what did not come at all, and tells how much that was", () => {
    const [latency] = comparison.latencies
    if (latency === undefined) throw new Error("the comparison has a latency")
    const refusing = {
      ...comparison,
      latencies: [{ ...latency, p99Ms: null, maxMs: null, withheld: 20, refused: 1_200 }],
    }
    const held = targetsOf(refusing).find(({ what }) => what.includes("p99"))
    expect(held).toMatchObject({ figure: Number.POSITIVE_INFINITY, reached: false })
    expect(report(refusing)).toMatch(
      /\| +3\.00 \| +∞ \| +∞ \| +4\.00 \| +9\.00 \| +20\.0 \| +1,200 \| +60000\/60000 \|/,
    )
    expect(report(comparison)).toMatch(/\| +– \| +– \| +60000\/60000 \|/)
  })

  it("holds PostgreSQL to its own share, and three nodes on it to nearly what one delivers", () => {
    const one = "tocsin/postgres/http/strict/batch"
    const round = (ofLimit: number) => ({
      limits: { http: 10_000 },
      figures: [
        figures("tocsin/postgres/http/none/single", ofLimit),
        figures(one, 0.3),
        figures(one.replace("postgres", "postgres/three-nodes"), 0.3 * 2 * ofLimit),
      ],
    })
    const said = (ofLimit: number) =>
      targetsOf({ rounds: [round(ofLimit)], latencies: [] }).map(({ what, reached }) => `${reached} ${what}`)
    const whats = [
      "one event a request: share of the limit, PostgreSQL",
      "batches of 50, strict: three nodes, of what one delivers",
    ]
    expect(said(0.45)).toEqual(whats.map((what) => `true ${what}`))
    expect(said(0.2)).toEqual(whats.map((what) => `false ${what}`))
  })

  it("is reported with everything that its figures depend on", () => {
    const text = report(comparison)
    expect(text).toContain("3 interleaved rounds")
    expect(text).toContain("2 cores (some), 24 GiB, Node 24.0.0, commit abc")
    expect(text).toContain("bullmq 6.7.0")
    expect(text).toMatch(
      /\| tocsin\/embedded\/http\/none\/single \| +0\.400 \| 0\.300 \| 0\.500 \| +4,000 \| +100 \| +– \|/,
    )
    expect(text).toContain("MISS  one event a request: times bullmq")
    const trial = { ...comparison, quick: true, lessBecause: ["--rounds 3", "--prof"] }
    expect(report(trial)).toContain("Not for the record, less than a full run (--rounds 3, --prof).")
  })

  it("is drawn with a bar for each contender, telling those who do not see it what it shows", () => {
    const svg = comparisonPlot(comparison)
    expect(svg).toContain(
      "<title>Durably recorded deliveries, as a share of the limit. one event a request: Tocsin, embedded 0.40",
    )
    expect([...svg.matchAll(/class="bar s\d"/g)]).toHaveLength(2)
    expect(svg).toContain("prefers-color-scheme: dark")
  })
})

describe("contenders", () => {
  it("are picked by words of their names", () => {
    const name = "tocsin/postgres/https/none/batch"
    expect(isMeant(name, null)).toBe(true)
    expect(isMeant(name, "bullmq,tocsin+batch")).toBe(true)
    expect(isMeant(name, "tocsin+single,bullmq")).toBe(false)
    expect(isMeant(name, "post")).toBe(false)
    expect(meaningless([name], null)).toEqual([])
    expect(meaningless([name], "batch,tocsin+postgresql")).toEqual(["tocsin+postgresql"])
  })

  const contender = { scheme: "https", perRequest: 1, pids: [process.pid], databasePid: null } as const

  it("are measured once a round, in another order each time, which a seed brings again", async () => {
    const names = Array.from({ length: 28 }, (_, at) => `contender-${at}`)
    const fiveRounds = async (seed: number) => {
      const random = new SeededRandom(seed)
      const orders: (readonly string[])[] = []
      for (let round = 0; round < 5; round++) {
        const order: string[] = []
        await playRound({
          contenders: names.map((name) => ({ ...contender, name, deliver: async () => void order.push(name) })),
          ...{ limit: async () => 1_000, events: () => 10, random, say: () => {} },
        })
        orders.push(order)
      }
      return orders
    }
    const orders = await fiveRounds(7)
    for (const order of orders) expect([...order].sort()).toEqual([...names].sort())
    const before = (name: string) => new Set(orders.map((order) => order[order.indexOf(name) - 1]))
    for (const name of names) expect(before(name).size).toBeGreaterThanOrEqual(3)
    expect(new Set(orders.map(([first]) => first)).size).toBeGreaterThanOrEqual(3)
    expect(await fiveRounds(7)).toEqual(orders)
    expect(await fiveRounds(8)).not.toEqual(orders)
  })

  it("are compared with the limit of their own scheme in their own round", async () => {
    const delivered: number[] = []
    const { limits, figures: found } = await playRound({
      contenders: (["http", "https"] as const).map((scheme) => ({
        ...{ ...contender, scheme, name: scheme },
        deliver: async (events) => void delivered.push(events),
      })),
      limit: async (scheme) => (scheme === "https" ? 1_000 : 5_000),
      events: () => 250,
      random: new SeededRandom(1),
      say: () => {},
    })
    expect(delivered).toEqual([250, 250])
    expect(limits).toEqual({ http: 5_000, https: 1_000 })
    expect(found).toHaveLength(2)
    for (const { name, rate, ofLimit } of found) expect(ofLimit).toBeCloseTo(rate / (limits[name] ?? 0))
  })

  it("are compared with the median of limits taken at the round's beginning, middle and end", async () => {
    const said: string[] = []
    const rates = [3_000, 9_000, 4_000]
    const { limits, limitSamples } = await playRound({
      contenders: ["a", "b", "c", "d"].map((name) => ({ ...contender, name, deliver: async () => {} })),
      limit: async () => rates[said.filter((each) => each === "limit, https").length - 1] ?? 0,
      events: () => 10,
      random: new SeededRandom(1),
      say: (what) => void said.push(what),
    })
    expect(said.map((what) => what === "limit, https")).toEqual([true, false, false, true, false, false, true])
    expect(limits).toEqual({ https: 4_000 })
    expect(limitSamples).toEqual({ https: rates })
  })
})

describe("the command", () => {
  it("takes five rounds of everything unless told", () => {
    expect(compareOptions([])).toMatchObject({ quick: false, rounds: 5, webhooks: 100, events: null, only: null })
    expect(compareOptions(["--seed", "7"]).seed).toBe(7)
    expect(compareOptions([]).seed).not.toBe(compareOptions([]).seed)
    expect(compareOptions(["--quick"])).toMatchObject({ quick: true, rounds: 3 })
    expect(compareOptions(["--quick", "--rounds", "4", "--only", "tocsin"])).toMatchObject({
      rounds: 4,
      only: "tocsin",
    })
  })

  it("is for the record only when nothing that was asked for makes it less than a full run", () => {
    const less = (...args: readonly string[]) => lessThanFull(compareOptions(args))
    expect(less()).toEqual([])
    expect(less("--rounds", "7", "--seconds", "10", "--webhooks", "100", "--json")).toEqual([])
    expect(less("--quick")).toEqual(["--quick"])
    for (const trial of [
      ["--rounds", "4"],
      ["--seconds", "1"],
      ["--events", "1000000"],
      ["--webhooks", "1000"],
      ["--only", "tocsin"],
      ["--prof"],
      ["--no-latency"],
    ]) {
      expect(less(...trial)).toEqual([trial.join(" ")])
    }
    expect(less("--events", "500", "--prof")).toEqual(["--events 500", "--prof"])
  })

  it("draws the newest result anew, or the one that is named", () => {
    expect(compareOptions(["--plot"]).plot).toBe("")
    expect(compareOptions(["--plot", "x.json"]).plot).toBe("x.json")
    expect(compareOptions([]).plot).toBe(null)
  })

  it("refuses what it does not know", () => {
    expect(() => compareOptions(["--fast"])).toThrow(/--fast/)
    expect(() => compareOptions(["--rounds", "none"])).toThrow("--rounds must be a number above 0, not none")
    expect(() => compareOptions(["--events", "0"])).toThrow("--events")
  })
})

describe("warming up", () => {
  const contender = (name: string, ...pids: number[]) => ({
    ...{ name, pids, scheme: "http" as const, perRequest: 1, databasePid: null },
    deliver: () => Promise.resolve(),
  })

  it("has each process carry as many events, whether it is alone, shared by contenders or one of several nodes", () => {
    const alone = contender("bullmq/single", 1)
    const shared = ["none", "strict"].map((ordering) => contender(`tocsin/embedded/http/${ordering}/single`, 2))
    const nodes = ["none", "strict"].map((ordering) => contender(`tocsin/three-nodes/${ordering}/single`, 3, 4, 5))
    const all = [alone, ...shared, ...nodes]
    expect(all.map((each) => warmUpOf(each, all, 30_000))).toEqual([30_000, 15_000, 15_000, 45_000, 45_000])
  })
})
