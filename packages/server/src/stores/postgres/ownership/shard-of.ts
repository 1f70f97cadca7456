export const shardCount = 256

/** The shard a webhook belongs to, for ever: FNV-1a over the id, which is even enough for ids that are random in part. */
export function shardOf(webhookId: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < webhookId.length; index++)
    hash = Math.imul(hash ^ webhookId.charCodeAt(index), 0x01000193) >>> 0
  // The low byte of FNV-1a depends on the low bits of each character alone: fold the rest in.
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (shardCount - 1)
}
