import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Receiver } from "../load/receiver.ts"
import { installPeers } from "../peers/install-peers.ts"
import { peerNames } from "../peers/peer-messages.ts"
import { startRedis } from "../peers/redis-server.ts"
import { startPeer } from "../peers/start-peer.ts"
import { type Contender, loads } from "./contender.ts"

export const peerVariants = peerNames.flatMap((peer) =>
  loads.map((load) => ({ ...load, peer, name: `${peer}/${load.load}` })),
)
export type PeerVariant = (typeof peerVariants)[number]

type Parts = {
  readonly cleaning: CleaningUp
  readonly receiver: Receiver
  readonly webhooks: number
  readonly say: (line: string) => void
  readonly database: () => Promise<{ readonly url: string; readonly pid: number }>
}

/** Starts a worker and a producer for each peer that is needed, and Redis for the one that wants it. */
export async function startPeerContenders(
  variants: readonly PeerVariant[],
  { cleaning, receiver, webhooks, say, database }: Parts,
): Promise<{ readonly contenders: readonly Contender[]; readonly redis: string | null }> {
  const contenders: Contender[] = []
  let redisVersion: string | null = null
  if (variants.length > 0) await installPeers(say)
  for (const peer of new Set(variants.map((variant) => variant.peer))) {
    say(`starting ${peer}`)
    const { url, pid } = peer === "bullmq" ? await redis() : await database()
    const urls = { databaseUrl: url, receiverUrl: receiver.url("http", peer) }
    const running = await startPeer(cleaning, peer, { ...urls, webhooks })
    for (const { name, perRequest } of variants.filter((variant) => variant.peer === peer)) {
      contenders.push({
        name,
        scheme: "http",
        perRequest,
        pids: [running.workerPid],
        databasePid: pid,
        deliver: (events) => running.deliver(events, perRequest),
      })
    }
  }
  async function redis() {
    const server = await startRedis(cleaning, say)
    redisVersion = server.version
    return server
  }
  return { contenders, redis: redisVersion }
}
