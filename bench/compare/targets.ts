import { atLeast, atMost, type Target } from "../figures/target.ts"
import { peerNames } from "../peers/peer-messages.ts"
import { type Comparison, summaries } from "./comparison.ts"

/** What is promised over HTTP without an order, on two cores shared with generator and receiver. */
const promised = [
  { load: "single", said: "one event a request", embedded: 0.35, postgres: 0.25 },
  { load: "batch", said: "batches of 50", embedded: 0.55, postgres: 1 / 3 },
] as const
const p99MaxMs = 25
const peersBeatenBy = 2
/** Of what one node on the same cores delivers, with an order or without. */
const threeNodesAtLeast = 0.85

/** Only of what was measured: a run of a part has a part of the targets. */
export function targetsOf(comparison: Pick<Comparison, "rounds" | "latencies">): readonly Target[] {
  const found = summaries(comparison)
  const named = (name: string) => found.find((each) => each.name === name)
  return promised.flatMap(({ load, said, embedded, postgres }) => {
    const ofPostgres = named(`tocsin/postgres/http/none/${load}`)
    const name = `tocsin/embedded/http/none/${load}`
    const tocsin = named(name)
    const latency = comparison.latencies.find((each) => each.name === name)
    const peers = peerNames.flatMap((peer) => {
      const measured = named(`${peer}/${load}`)
      return tocsin && measured ? [{ peer, times: tocsin.ofLimit.median / measured.ofLimit.median }] : []
    })
    const together = (["none", "strict"] as const).flatMap((ordering) => {
      const [one, three] = ["", "/three-nodes"].map((nodes) =>
        named(`tocsin/postgres${nodes}/http/${ordering}/${load}`),
      )
      return one && three ? [{ ordering, ofOne: three.ofLimit.median / one.ofLimit.median }] : []
    })
    return [
      ...(tocsin ? [atLeast(`${said}: share of the limit`, tocsin.ofLimit.median, embedded)] : []),
      ...(tocsin && latency
        ? [
            atMost(
              `${said}: p99 from accept to arrival at half load`,
              latency.p99Ms ?? Number.POSITIVE_INFINITY,
              p99MaxMs,
              " ms",
            ),
          ]
        : []),
      ...peers.map(({ peer, times }) => atLeast(`${said}: times ${peer}`, times, peersBeatenBy)),
      ...(ofPostgres ? [atLeast(`${said}: share of the limit, PostgreSQL`, ofPostgres.ofLimit.median, postgres)] : []),
      ...together.map(({ ordering, ofOne }) =>
        atLeast(`${said}, ${ordering}: three nodes, of what one delivers`, ofOne, threeNodesAtLeast),
      ),
    ]
  })
}
