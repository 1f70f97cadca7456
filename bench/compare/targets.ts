import { atLeast, atMost, type Target } from "../figures/target.ts"
import { peerNames } from "../peers/peer-messages.ts"
import { type Comparison, summaries } from "./comparison.ts"

/** What is promised of the embedded store over HTTP without an order, on two cores shared with generator and receiver. */
const ours = (load: string) => `tocsin/embedded/http/none/${load}`
const bounds = [
  { load: "single", said: "one event a request", ofLimit: 0.35 },
  { load: "batch", said: "batches of 50", ofLimit: 0.55 },
] as const
const p99MaxMs = 25
const peersBeatenBy = 2

/** Only of what was measured: a run of a part has a part of the targets. */
export function targetsOf(comparison: Pick<Comparison, "rounds" | "latencies">): readonly Target[] {
  const found = summaries(comparison)
  const named = (name: string) => found.find((each) => each.name === name)
  return bounds.flatMap(({ load, said, ofLimit }) => {
    const tocsin = named(ours(load))
    if (!tocsin) return []
    const latency = comparison.latencies.find(({ name }) => name === ours(load))
    const peers = peerNames.flatMap((peer) => {
      const measured = named(`${peer}/${load}`)
      return measured ? [{ peer, times: tocsin.ofLimit.median / measured.ofLimit.median }] : []
    })
    return [
      atLeast(`${said}: share of the limit`, tocsin.ofLimit.median, ofLimit),
      ...(latency ? [atMost(`${said}: p99 from accept to arrival at half load`, latency.p99Ms, p99MaxMs, " ms")] : []),
      ...peers.map(({ peer, times }) => atLeast(`${said}: times ${peer}`, times, peersBeatenBy)),
    ]
  })
}
