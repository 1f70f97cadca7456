import type { WebhookId } from "../../../domain/ids.ts"
import { shardCount, shardOf } from "./shard-of.ts"

/** Nodes say it every second. Who has been silent for so long is gone, or stopped: nothing is to be sent to it. */
const believedMs = 3_000

/** A node, and how often it has come into shards: what was sent to it before that is not to be believed after it. */
export type Owner = { readonly nodeId: string; readonly tenure: number }

/**
 * Which node works on which shard, as the nodes themselves say. Only the locks are certain: what is told here may have
 * changed a moment ago, so nothing may depend on it but speed.
 */
export class Owners {
  readonly #byShard = new Array<{ readonly owner: Owner; readonly heardMs: number } | undefined>(shardCount)

  /** @param nowMs of a clock that never jumps */
  heard({ owner, shards }: ShardsNotice, nowMs: number): void {
    const said = { owner, heardMs: nowMs }
    for (let shard = 0; shard < shardCount; shard++) {
      if (shards.has(shard)) this.#byShard[shard] = said
      else if (this.#byShard[shard]?.owner.nodeId === owner.nodeId) this.#byShard[shard] = undefined
    }
  }

  /** @returns null when nobody has said so lately */
  of(webhookId: WebhookId, nowMs: number): Owner | null {
    const said = this.#byShard[shardOf(webhookId)]
    return said === undefined || nowMs - said.heardMs > believedMs ? null : said.owner
  }
}

/** What a node says: the shards that it works on. */
export type ShardsNotice = { readonly owner: Owner; readonly shards: ReadonlySet<number> }

/** A hexadecimal digit for each four shards. */
export function shardsNotice({ owner, shards }: ShardsNotice): string {
  let digits = ""
  for (let shard = 0; shard < shardCount; shard += 4) {
    let digit = 0
    for (let bit = 0; bit < 4; bit++) if (shards.has(shard + bit)) digit |= 1 << bit
    digits += digit.toString(16)
  }
  return `shards ${owner.nodeId} ${owner.tenure} ${digits}`
}

const form = new RegExp(`^shards ([0-9a-f]+) (\\d+) ([0-9a-f]{${shardCount / 4}})$`)

/** @returns null for what is no such notice */
export function readShardsNotice(payload: string): ShardsNotice | null {
  const [, nodeId, tenure, digits] = form.exec(payload) ?? []
  if (nodeId === undefined || digits === undefined) return null
  const shards = new Set<number>()
  for (let shard = 0; shard < shardCount; shard++)
    if ((Number.parseInt(digits.charAt(shard >> 2), 16) >> (shard & 3)) & 1) shards.add(shard)
  return { owner: { nodeId, tenure: Number(tenure) }, shards }
}
