import { installPeers } from "../peers/install-peers.ts"
import type { PeerName } from "../peers/peer-messages.ts"
import { type AppendFsync, startRedis } from "../peers/redis-server.ts"
import { startPeer } from "../peers/start-peer.ts"
import { type Contender, type ContenderParts, contendersOf, loads } from "./contender.ts"

type Setup = { readonly setup: string; readonly peer: PeerName; readonly appendFsync: AppendFsync | null }

/** What is compared is durable: BullMQ as its documentation has it, synced once a second, is measured beside that. */
const setups: readonly Setup[] = [
  { setup: "bullmq", peer: "bullmq", appendFsync: "always" },
  { setup: "bullmq/everysec", peer: "bullmq", appendFsync: "everysec" },
  { setup: "pg-boss", peer: "pg-boss", appendFsync: null },
  { setup: "graphile-worker", peer: "graphile-worker", appendFsync: null },
]

export const peerVariants = setups.flatMap((setup) =>
  loads.map((load) => ({ ...load, ...setup, name: `${setup.setup}/${load.load}` })),
)
export type PeerVariant = (typeof peerVariants)[number]

/** Starts a worker and a producer for each peer that is needed, and Redis for the one that wants it. */
export async function startPeerContenders(
  variants: readonly PeerVariant[],
  { cleaning, receiver, webhooks, say, database }: ContenderParts,
): Promise<{ readonly contenders: readonly Contender[]; readonly redis: string | null }> {
  const contenders: Contender[] = []
  let redisVersion: string | null = null
  if (variants.length > 0) await installPeers(say)
  for (const { setup, peer, appendFsync } of setups.filter((each) =>
    variants.some(({ setup }) => setup === each.setup),
  )) {
    say(`starting ${setup}`)
    const { url, pid } = appendFsync === null ? await database() : await redis(appendFsync)
    const urls = { databaseUrl: url, receiverUrl: receiver.url("http", setup.replace("/", "-")) }
    const running = await startPeer(cleaning, peer, { ...urls, webhooks })
    contenders.push(...contendersOf(running, setup, variants, pid))
  }
  async function redis(appendFsync: AppendFsync) {
    const server = await startRedis(cleaning, appendFsync, say)
    redisVersion = server.version
    return server
  }
  return { contenders, redis: redisVersion }
}
