import { type BacklogSeen, lookAtBacklog } from "../domain/backlog.ts"
import type { WebhookId, WorkspaceId } from "../domain/ids.ts"
import { isSending, type Webhook } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Store } from "../ports/store.ts"
import type { Registry } from "../registry/registry.ts"

const lookEveryMs = 15_000

/**
 * Looks at the webhooks' backlogs, and tells of those that grow (`domain/backlog.ts`). What it has seen is in memory:
 * after a restart, or on another node, a threshold may be found reached again, and whoever is told must know it by then.
 *
 * @returns stops it; resolves when the look under way is through.
 */
export function startBacklogWatch(parts: {
  readonly store: Pick<Store, "backlogs">
  readonly registry: Registry
  readonly clock: Clock
  readonly owns: (webhookId: WebhookId) => boolean
  readonly isWanted: (workspaceId: WorkspaceId) => boolean
  readonly onGrowing: (webhook: Webhook, waiting: number, reached: number) => Promise<void>
  readonly onFault: OnFault
}): () => Promise<void> {
  const { store, registry, clock, owns, isWanted, onGrowing, onFault } = parts
  let stopped = false
  let cancel = () => {}
  let running = Promise.resolve()
  let seen = new Map<WebhookId, BacklogSeen>()

  async function look(): Promise<void> {
    const wanted = new Set(registry.workspaces().flatMap(({ id }) => (isWanted(id) ? [id] : [])))
    if (wanted.size === 0) return seen.clear()
    const now = new Map<WebhookId, BacklogSeen>()
    for (const { workspaceId, webhookId, waiting } of await store.backlogs()) {
      const webhook = wanted.has(workspaceId) && owns(webhookId) ? registry.webhook(workspaceId, webhookId) : undefined
      // One that does not send has a backlog because somebody wants it so, or was told that it is disabled.
      if (!webhook || !isSending(webhook)) continue
      const found = lookAtBacklog(seen.get(webhookId) ?? null, waiting)
      if (found.reached !== null) await onGrowing(webhook, waiting, found.reached)
      now.set(webhookId, found.seen)
    }
    seen = now
  }

  const turn = async () => {
    try {
      await look()
    } catch (fault) {
      onFault(fault, "looking at the backlogs")
    }
    if (!stopped) schedule()
  }
  const schedule = () => {
    cancel = clock.after(lookEveryMs, () => {
      running = turn()
    })
  }
  schedule()
  return () => {
    stopped = true
    cancel()
    return running
  }
}
