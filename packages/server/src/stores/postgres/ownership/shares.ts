import { shardCount } from "./shard-of.ts"

/** How many shards a node is to hold: all nodes' shares differ by one at most and add up to all shards. */
export function shareOf(nodeId: string, liveNodes: readonly string[]): number {
  const nodes = [...new Set([...liveNodes, nodeId])].sort()
  const rank = nodes.indexOf(nodeId)
  return Math.floor(shardCount / nodes.length) + (rank < shardCount % nodes.length ? 1 : 0)
}
