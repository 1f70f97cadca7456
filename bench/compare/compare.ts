import { SeededRandom } from "../../packages/server/test/simulation/seeded-random.ts"
import { thisMachine } from "../figures/machine.ts"
import { median } from "../figures/statistics.ts"
import { type CleaningUp, cleanedUp } from "../load/cleaning-up.ts"
import { measureLatency } from "../load/latency.ts"
import { envelopeFor } from "../load/payload.ts"
import { startReceiver } from "../load/receiver.ts"
import { peerVersions } from "../peers/install-peers.ts"
import { bareVariants, startBareContenders } from "./bare-contenders.ts"
import type { Comparison } from "./comparison.ts"
import { type Contender, isMeant, meaningless } from "./contender.ts"
import { Databases } from "./databases.ts"
import { lessThanFull } from "./less-than-full.ts"
import { measureLimit } from "./limit.ts"
import type { CompareOptions } from "./options.ts"
import { peerVariants, startPeerContenders } from "./peer-contenders.ts"
import { playRound } from "./rounds.ts"
import { startTocsinContenders, tocsinVariants } from "./tocsin-contenders.ts"
import { warmUp } from "./warming-up.ts"

/** Left out of a quick look unless asked for by name. */
const slowVariants = /^(bare\/postgres|tocsin\/(postgres\/(https|http\/strict|three-nodes)|embedded\/https\/strict))/
/** So that a quick look stays under two minutes on a machine that is slow today. */
const quickRoundsMaxMs = 70_000
const latencySeconds = { quick: 4, full: 30 }

/** Starts whatever is meant, plays the rounds, measures latencies at half of what they gave, and stops it all. */
export function compare(options: CompareOptions, say: (line: string) => void): Promise<Comparison> {
  return cleanedUp((cleaning) => compared(cleaning, options, say))
}

async function compared(
  cleaning: CleaningUp,
  options: CompareOptions,
  say: (line: string) => void,
): Promise<Comparison> {
  const startedMs = performance.now()
  const machine = thisMachine()
  const meant = (name: string) =>
    isMeant(name, options.only) && !(options.quick && options.only === null && slowVariants.test(name))
  const wantedPeers = peerVariants.filter(({ name }) => meant(name))
  const wantedBare = bareVariants.filter(({ name }) => meant(name))
  const wanted = tocsinVariants.filter(({ name }) => meant(name))
  const all = [...peerVariants, ...bareVariants, ...tocsinVariants].map(({ name }) => name)
  for (const pattern of meaningless(all, options.only))
    throw new Error(`--only ${pattern} means none of the contenders; see --help`)
  const databases = new Databases(cleaning, say)
  const receiver = await startReceiver(cleaning)
  const parts = { cleaning, receiver, webhooks: options.webhooks, say, database: () => databases.fresh() }
  const peers = await startPeerContenders(wantedPeers, parts)
  const bare = await startBareContenders(wantedBare, parts)
  say("starting tocsin")
  const nodeFlags = options.prof ? ["--cpu-prof"] : []
  const tocsin = await startTocsinContenders(wanted, { ...parts, nodeFlags })
  const contenders: readonly Contender[] = [...tocsin, ...bare, ...peers.contenders]

  const events = await warmUp(contenders, options, say)
  const body = envelopeFor(options.webhooks)
  const limitPosts = Math.round(10_000 * Math.min(1, options.secondsEach)) * Math.ceil(options.secondsEach / 2)
  const limit = (scheme: "http" | "https") => measureLimit(receiver.url(scheme, "limit"), body, limitPosts)
  for (const scheme of new Set(contenders.map((each) => each.scheme))) await limit(scheme)
  const random = new SeededRandom(options.seed)
  const rounds: Comparison["rounds"] = []
  for (let round = 1; round <= options.rounds; round++) {
    const tell = (what: string) => say(`round ${round} of ${options.rounds}: ${what}`)
    rounds.push(await playRound({ contenders, limit, events, random, say: tell }))
    if (options.quick && performance.now() - startedMs > quickRoundsMaxMs) break
  }

  const latencies: Comparison["latencies"] = []
  const timed = options.latency ? tocsin.filter(({ name }) => name.includes("/http/none/")) : []
  for (const contender of timed) {
    const own = rounds.flatMap(({ figures }) => figures.filter(({ name }) => name === contender.name))
    const half = median(own.map(({ rate }) => rate)) / 2
    const seconds = options.quick ? latencySeconds.quick : latencySeconds.full
    say(`latency at ${Math.round(half)} events/s: ${contender.name}`)
    const { name, server, workspace, perRequest } = contender
    const load = { eventsPerSecond: half, perRequest, seconds }
    latencies.push({ name, ...(await measureLatency(server, workspace, receiver, load)) })
  }
  const postgres = databases.version()
  const less = lessThanFull(options)
  say("stopping")
  return {
    at: new Date().toISOString(),
    quick: less.length > 0,
    lessBecause: [...less],
    machine,
    versions: {
      ...(wantedPeers.length > 0 && peerVersions()),
      ...(peers.redis !== null && { redis: peers.redis }),
      ...(postgres !== null && { postgresql: postgres }),
    },
    webhooks: options.webhooks,
    secondsEach: options.secondsEach,
    seed: options.seed,
    rounds,
    latencies,
  }
}
