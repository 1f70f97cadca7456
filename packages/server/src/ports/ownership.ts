import type { WebhookId, WorkspaceId } from "../domain/ids.ts"
import type { ConfigSnapshot } from "./store.ts"

/**
 * Which webhooks this node sends for. With several nodes on one database each owns some; alone, one owns them all.
 * Deliberately left out: how it is agreed on. What it promises is only that of two nodes that say yes at the same time,
 * the store takes settlements from one.
 */
export interface Ownership {
  /** Asked before every attempt. False as well while this node cannot be sure, as after a long pause. */
  owns(webhookId: WebhookId): boolean
  /** Whether this node does what one node does for all: retention. */
  leads(): boolean
  /** How many of the equal shares that webhooks are divided into are this node's at present. */
  shards(): { readonly owned: number; readonly of: number }
  /** Webhooks may have come to this node, or come back: what waits for them is to be taken up. */
  onGained(listener: () => void): void
  /**
   * Webhooks have left or are about to leave: nothing more may be started for those no longer owned. When they leave by
   * agreement, the next owner waits (a few seconds at most) until what is in flight is settled, which is when the
   * promise resolves.
   */
  onLost(listener: () => Promise<void>): void
  /**
   * This node ends: it owns nothing from now on, and what it had goes to others, at once where nothing is in flight and the
   * rest as it drains. They need not wait for its slowest attempt. Settlements of what is in flight are still taken.
   * @param busy the webhooks that something is in flight for, at present.
   */
  retire(busy: () => Iterable<WebhookId>): void
}

/**
 * `new`: deliveries of an owned webhook were stored, most likely elsewhere; `lastSequence` is the number of the last
 * where it is known. `again`: a retry of one was asked for elsewhere, or nobody knows what there is.
 */
export type FoundWork = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
} & ({ readonly what: "new"; readonly lastSequence: number | null } | { readonly what: "again" })

/** What other nodes did that this one should look at. None of it is needed for anything but speed. */
export interface Signals {
  onWork(listener: (work: FoundWork) => void): void
  /** The configuration was changed elsewhere: these records of it, or any when none are named. */
  onConfig(listener: (changed?: ChangedConfig) => void): void
}

/** Records of the configuration by their names, and how they are now: one that `read` leaves out is gone. */
export type ChangedConfig = {
  readonly names: readonly ConfigName[]
  read(): Promise<ConfigSnapshot>
}

export type ConfigName = {
  readonly kind: "workspace" | "apiKey" | "webhook" | "eventType"
  readonly workspaceId: WorkspaceId
  /** Within the workspace; of a workspace its own. */
  readonly id: string
}

/** The one node of an embedded store. */
export const ownsAll: Ownership = {
  owns: () => true,
  leads: () => true,
  shards: () => ({ owned: 1, of: 1 }),
  onGained: () => {},
  onLost: () => {},
  retire: () => {},
}
