import { isSending } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { Backlog } from "../ports/metrics.ts"
import type { Ownership } from "../ports/ownership.ts"
import type { Store } from "../ports/store.ts"
import type { Registry } from "../registry/registry.ts"

/** However many ask. */
const everyMs = 5_000
/** With a hundred thousand backlogs a measurement takes a while: it may take this part of the store's time. */
const timeShare = 1 / 20

export type MeasuringParts = {
  readonly store: Pick<Store, "waitingSince">
  readonly registry: Pick<Registry, "webhook">
  readonly ownership: Pick<Ownership, "owns">
  readonly clock: Clock
}

/**
 * Measures what waits, seldom enough that measuring never becomes the load.
 *
 * @returns asks; null when the store did not answer.
 */
export function backlogMeter(parts: MeasuringParts): () => Promise<Backlog | null> {
  const { clock } = parts
  let last: Promise<Backlog | null> | null = null
  let againMs = 0
  return () => {
    const startedMs = clock.monotonic()
    if (last !== null && startedMs < againMs) return last
    // While one is under way nobody begins another.
    againMs = Number.POSITIVE_INFINITY
    last = measure(parts)
      .catch(() => null)
      .finally(() => {
        const tookMs = clock.monotonic() - startedMs
        againMs = startedMs + Math.max(everyMs, tookMs / timeShare)
      })
    return last
  }
}

async function measure({ store, registry, ownership, clock }: MeasuringParts): Promise<Backlog> {
  const sending = { deliveries: 0, oldestAgeMs: 0 }
  const held = { deliveries: 0, oldestAgeMs: 0 }
  const rows = await store.waitingSince()
  const nowMs = clock.now()
  for (const { workspaceId, webhookId, waiting, sinceMs } of rows) {
    // What waits for a deleted one is being cancelled.
    const webhook = ownership.owns(webhookId) ? registry.webhook(workspaceId, webhookId) : null
    if (!webhook) continue
    const sum = isSending(webhook) ? sending : held
    sum.deliveries += waiting
    sum.oldestAgeMs = Math.max(sum.oldestAgeMs, nowMs - sinceMs)
  }
  return { sending, held }
}
