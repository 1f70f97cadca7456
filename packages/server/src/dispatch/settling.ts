import type { WaitingDelivery } from "../domain/delivery.ts"
import type { NewEvent } from "../domain/event.ts"
import type { WorkspaceId } from "../domain/ids.ts"
import type { Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Metrics } from "../ports/metrics.ts"
import type { Settlement, Store } from "../ports/store.ts"
import { untilStored } from "./until-stored.ts"

/** An attempt, or an end without one, once it is durable. For the stream and the dashboard. */
export type SettledListener = (delivery: WaitingDelivery, settlement: Settlement) => void

export type SettlingParts = {
  readonly store: Pick<Store, "settle">
  readonly clock: Clock
  readonly metrics: Metrics
  /** The event that a settlement brings about, if any: it is accepted in the same commit. */
  readonly brings: (
    delivery: WaitingDelivery,
    webhook: Webhook,
    settlement: Pick<Settlement, "next" | "attempt" | "atMs">,
  ) => Promise<NewEvent | null>
  /** Told once it is. */
  readonly onBrought: (workspaceId: WorkspaceId, event: NewEvent) => void
  readonly onSettled: SettledListener
  readonly onFault: OnFault
}

/**
 * Records what became of a delivery. Stays until the store has it: an attempt that was made must not go unrecorded
 * because the store was away.
 * @returns false when this node may no longer settle for the webhook.
 */
export async function settle(
  parts: SettlingParts,
  delivery: WaitingDelivery,
  webhook: Webhook,
  what: Pick<Settlement, "attempt" | "next">,
): Promise<boolean> {
  const { store, clock, metrics, brings, onBrought, onSettled } = parts
  const { workspaceId, webhookId, id: deliveryId, windowFromMs } = delivery
  const { attempt, next } = what
  const plain = { workspaceId, webhookId, deliveryId, atMs: clock.now(), attempt, next }
  const ended = attempt === null ? { ...plain, windowFromMs } : plain
  const brought =
    next.state === "exhausted"
      ? await untilStored(parts, "reading what is to be told", () => brings(delivery, webhook, ended))
      : null
  const settlement: Settlement = brought === null ? ended : { ...ended, brings: brought }
  const ours = await untilStored(parts, "recording outcomes", () => store.settle(settlement))
  if (!ours) return false
  if (next.state !== "waiting") metrics.ended(next.state, 1)
  onSettled(delivery, settlement)
  if (brought !== null) onBrought(workspaceId, brought)
  return true
}
