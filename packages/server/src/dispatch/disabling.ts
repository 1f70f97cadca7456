import { disabledBy } from "../domain/retrying.ts"
import { type DisabledReason, isSending, type Webhook } from "../domain/webhook.ts"
import { type Clock, pause } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Store } from "../ports/store.ts"
import type { Registry } from "../registry/registry.ts"
import { untilStored } from "./until-stored.ts"
import type { WebhookQueue } from "./webhook-queue.ts"

export type DisablingParts = {
  readonly store: Pick<Store, "health">
  readonly registry: Registry
  readonly clock: Clock
  /** Disables the webhook durably, with an audit entry of the engine's; "conflict" when it has just been changed. */
  readonly disable: (webhook: Webhook, reason: DisabledReason) => Promise<"done" | "conflict">
  readonly onFault: OnFault
}

const conflictPauseMs = 100

/** After a failed attempt: switches the webhook off when the failure, or how long it has been failing, says so. */
export async function disableIfHopeless(
  { store, registry, clock, disable, onFault }: DisablingParts,
  queue: WebhookQueue,
  webhook: Webhook,
  code: Parameters<typeof disabledBy>[0],
): Promise<void> {
  const nowMs = clock.now()
  if (queue.failingSinceMs === "unknown") {
    const health = await untilStored({ clock, onFault }, `reading how long ${webhook.id} has been failing`, () =>
      store.health(webhook.workspaceId, [webhook.id]),
    )
    // A success, meanwhile, has told.
    if (queue.failingSinceMs === "unknown") queue.failingSinceMs = health.get(webhook.id)?.failingSinceMs ?? nowMs
  }
  const reason = disabledBy(code, queue.failingSinceMs, webhook.resumedAtMs, nowMs)
  if (reason === null) return
  /** @returns whether nothing is left to do. */
  const done = async () => {
    const current = registry.webhook(webhook.workspaceId, webhook.id)
    // A receiver mended and switched on while this attempt was out starts with a clean record.
    if (!current || !isSending(current)) return true
    if (current.url !== webhook.url || current.resumedAtMs !== webhook.resumedAtMs) return true
    if ((await disable(current, reason)) === "done") return true
    await registry.reload()
    return false
  }
  while (!(await untilStored({ clock, onFault }, `disabling ${webhook.id}`, done))) await pause(clock, conflictPauseMs)
}
