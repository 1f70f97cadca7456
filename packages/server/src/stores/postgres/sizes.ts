import type { Acceptance, Settlement } from "../../ports/store.ts"

/** What a record holds beside its large texts, roughly: ids, numbers, the objects themselves. */
const recordBytes = 300

/** About what an acceptance holds in memory, for the queue's bound. */
export function acceptanceBytes({ events }: Acceptance): number {
  let bytes = recordBytes
  for (const event of events)
    bytes += recordBytes + event.body.length + (event.metadata?.length ?? 0) + event.deliveries.length * recordBytes
  return bytes
}

/** About what a settlement holds in memory. */
export function settlementBytes({ attempt }: Settlement): number {
  return recordBytes + (attempt === null ? 0 : attempt.detail.length)
}
