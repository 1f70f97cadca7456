import type { AuditEntry } from "../domain/audit.ts"
import type { WebhookId, WorkspaceId } from "../domain/ids.ts"
import type { Webhook } from "../domain/webhook.ts"
import {
  type ApiKey,
  type CustomEventType,
  type EventType,
  inCatalogue,
  isInForce,
  type Workspace,
} from "../domain/workspace.ts"
import type { ChangedConfig } from "../ports/ownership.ts"
import type { Brought, ConfigChange, ConfigSnapshot, Store } from "../ports/store.ts"
import { profileByName } from "../profiles/by-name.ts"
import { operationalEvents } from "../profiles/operational-events.ts"
import type { Profile } from "../profiles/profile.ts"
import { compileRouting, type Routing } from "./routing.ts"
import { fromStored, type Sealing, toStored, withoutCredentials } from "./webhook-record.ts"

/** A change of configuration as the engine thinks of it: webhooks in the clear. */
export type Change = Exclude<ConfigChange, { kind: "webhook" }> | { readonly kind: "webhook"; readonly put: Webhook }

/** `before` is null for a new webhook. */
export type WebhookListener = (after: Webhook, before: Webhook | null) => void

type Held = {
  readonly workspace: Workspace
  readonly profile: Profile
  readonly webhooks: Map<WebhookId, Webhook>
  readonly customTypes: Map<string, CustomEventType>
  readonly keys: Map<string, ApiKey>
  /** How many of the webhooks are not deleted. */
  webhooksAlive: number
  routing: Routing | null
  types: ReadonlyMap<string, EventType> | null
}

/**
 * The whole configuration in memory, so that accepting and dispatching read no database. Every change is made durable
 * first and seen here at once after.
 */
export class Registry {
  readonly #store: Pick<Store, "configure" | "loadConfig">
  readonly #sealing: Sealing
  readonly #workspaces = new Map<WorkspaceId, Held>()
  readonly #keysByHash = new Map<string, ApiKey>()
  readonly #listeners: WebhookListener[] = []
  #reloads: Promise<void> = Promise.resolve()
  /** How often something was changed through this registry. */
  #changes = 0

  private constructor(store: Pick<Store, "configure" | "loadConfig">, sealing: Sealing) {
    this.#store = store
    this.#sealing = sealing
  }

  /** @throws SealBroken when the encryption key is not the one that sealed what is stored. */
  static async load(store: Pick<Store, "configure" | "loadConfig">, sealing: Sealing): Promise<Registry> {
    const registry = new Registry(store, sealing)
    await registry.reload()
    return registry
  }

  /** Reads everything anew, and tells listeners of each webhook that differs from what was known. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#reloadOnce())
  }

  /** The same for what is known to have changed elsewhere. */
  reloadChanged(changed: ChangedConfig): Promise<void> {
    return this.#inTurn(() => this.#reloadOf(changed))
  }

  /** One after the other: an older snapshot must not be taken over after a newer one. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#reloads.then(work)
    this.#reloads = done.catch(() => {})
    return done
  }

  async #reloadOnce(): Promise<void> {
    const snapshot = await this.#undisturbed(() => this.#store.loadConfig())
    const present = new Set(snapshot.workspaces.map(({ id }) => id))
    for (const id of [...this.#workspaces.keys()]) {
      if (!present.has(id)) this.#take({ kind: "workspaceDeleted", id, atMs: 0 })
    }
    for (const [id, held] of this.#workspaces) {
      const names = new Set(snapshot.eventTypes.filter((each) => each.workspaceId === id).map(({ name }) => name))
      for (const name of held.customTypes.keys()) {
        if (!names.has(name)) this.#take({ kind: "eventTypeDeleted", workspaceId: id, name })
      }
    }
    this.#takeAll(snapshot, (id) => present.has(id))
  }

  async #reloadOf({ names, read }: ChangedConfig): Promise<void> {
    const snapshot = await this.#undisturbed(read)
    const workspaces = new Set(snapshot.workspaces.map(({ id }) => id))
    const types = new Set(snapshot.eventTypes.map(({ workspaceId, name }) => `${workspaceId} ${name}`))
    for (const { kind, workspaceId, id } of names) {
      // Keys and webhooks stay, dead, until their workspace goes.
      if (kind === "workspace" && !workspaces.has(workspaceId)) {
        this.#take({ kind: "workspaceDeleted", id: workspaceId, atMs: 0 })
      }
      if (kind === "eventType" && !types.has(`${workspaceId} ${id}`)) {
        this.#take({ kind: "eventTypeDeleted", workspaceId, name: id })
      }
    }
    this.#takeAll(snapshot, (id) => workspaces.has(id) || this.#workspaces.has(id))
  }

  #takeAll(snapshot: ConfigSnapshot, isPresent: (workspaceId: WorkspaceId) => boolean): void {
    const changes: Change[] = [
      ...snapshot.workspaces.map((put) => ({ kind: "workspace" as const, put })),
      ...snapshot.apiKeys.map((put) => ({ kind: "apiKey" as const, put })),
      // Those of a deleted workspace are nobody's.
      ...snapshot.webhooks
        .filter(({ workspaceId }) => isPresent(workspaceId))
        .map((put) => ({ kind: "webhook" as const, put: fromStored(put, this.#sealing) })),
      ...snapshot.eventTypes.map((put) => ({ kind: "eventType" as const, put })),
    ]
    for (const change of changes) this.#take(change)
  }

  /** What changed here while the store was being read may be missing in what it read: a revoked key would live again. */
  async #undisturbed(read: () => Promise<ConfigSnapshot>): Promise<ConfigSnapshot> {
    for (;;) {
      const changes = this.#changes
      const snapshot = await read()
      if (changes === this.#changes) return snapshot
    }
  }

  /**
   * Makes changes durable with their audit entries, then visible.
   *
   * @param brings an event accepted in the same commit.
   * @returns "conflict" when a record has changed since it was read: read it again and decide anew.
   * @throws StoreUnavailable
   */
  async change(
    changes: readonly Change[],
    audit: readonly AuditEntry[],
    brings: Brought | null = null,
  ): Promise<"done" | "conflict"> {
    const stored = changes.map(
      (change): ConfigChange =>
        change.kind === "webhook" ? { kind: "webhook", put: toStored(change.put, this.#sealing) } : change,
    )
    const outcome = await this.#store.configure(stored, audit, brings)
    if (outcome === "done") {
      this.#changes++
      for (const change of changes) this.#take(change)
    }
    return outcome
  }

  /** Called synchronously once a webhook's new configuration holds; also for a deleted one (`deletedMs` is set). */
  onWebhook(listener: WebhookListener): void {
    this.#listeners.push(listener)
  }

  workspaces(): readonly Workspace[] {
    return [...this.#workspaces.values()].map(({ workspace }) => workspace)
  }

  workspace(id: WorkspaceId): Workspace | undefined {
    return this.#workspaces.get(id)?.workspace
  }

  /** @throws Error for a workspace that does not exist: callers come here with an authenticated key's workspace. */
  profile(id: WorkspaceId): Profile {
    return this.#held(id).profile
  }

  keyByHash(hash: string): ApiKey | undefined {
    return this.#keysByHash.get(hash)
  }

  /** Revoked ones included, oldest first. */
  keys(id: WorkspaceId): readonly ApiKey[] {
    return [...(this.#workspaces.get(id)?.keys.values() ?? [])]
  }

  /** Deleted ones excluded, oldest first. */
  webhooks(id: WorkspaceId): readonly Webhook[] {
    return [...(this.#workspaces.get(id)?.webhooks.values() ?? [])].filter((webhook) => webhook.deletedMs === null)
  }

  webhook(workspaceId: WorkspaceId, id: WebhookId): Webhook | undefined {
    const webhook = this.webhookOrTombstone(workspaceId, id)
    return webhook?.deletedMs === null ? webhook : undefined
  }

  webhookOrTombstone(workspaceId: WorkspaceId, id: WebhookId): Webhook | undefined {
    return this.#workspaces.get(workspaceId)?.webhooks.get(id)
  }

  /** What a workspace has now: neither what is deleted nor keys that are no longer in force. */
  counts(
    id: WorkspaceId,
    nowMs: number,
  ): { readonly webhooks: number; readonly apiKeys: number; readonly eventTypes: number } {
    const held = this.#held(id)
    let apiKeys = 0
    for (const key of held.keys.values()) if (isInForce(key, nowMs)) apiKeys++
    return { webhooks: held.webhooksAlive, apiKeys, eventTypes: held.customTypes.size }
  }

  /** The profile's catalogue, the workspace's own types, and what Tocsin tells of its own work, by name. */
  eventTypes(id: WorkspaceId): ReadonlyMap<string, EventType> {
    const held = this.#held(id)
    held.types ??= new Map<string, EventType>([
      ...held.profile.catalogue.map((type) => [type.name, type] as const),
      ...[...held.customTypes.values()].map((type) => [type.name, inCatalogue(type)] as const),
      ...operationalEvents.map((type) => [type.name, type] as const),
    ])
    return held.types
  }

  customEventType(id: WorkspaceId, name: string): CustomEventType | undefined {
    return this.#workspaces.get(id)?.customTypes.get(name)
  }

  /** Which webhooks an event goes to. Compiled once per configuration. */
  routing(id: WorkspaceId): Routing {
    const held = this.#held(id)
    held.routing ??= compileRouting([...held.webhooks.values()].filter((webhook) => webhook.deletedMs === null))
    return held.routing
  }

  #held(id: WorkspaceId): Held {
    const held = this.#workspaces.get(id)
    if (!held) throw new Error(`workspace ${id} is not in the registry`)
    return held
  }

  #take(change: Change): void {
    switch (change.kind) {
      case "workspace":
        this.#takeWorkspace(change.put)
        break
      case "workspaceDeleted":
        this.#dropWorkspace(change.id, change.atMs)
        break
      case "apiKey":
        this.#workspaces.get(change.put.workspaceId)?.keys.set(change.put.id, change.put)
        this.#keysByHash.set(change.put.hash, change.put)
        break
      case "webhook":
        this.#takeWebhook(change.put)
        break
      case "eventType":
        this.#takeType(change.put)
        break
      case "eventTypeDeleted":
        this.#changeTypes(change.workspaceId, (types) => types.delete(change.name))
        break
    }
  }

  #takeWorkspace(workspace: Workspace): void {
    const held = this.#workspaces.get(workspace.id)
    this.#workspaces.set(workspace.id, {
      ...(held ?? {
        webhooks: new Map(),
        customTypes: new Map(),
        keys: new Map(),
        webhooksAlive: 0,
        routing: null,
        types: null,
      }),
      workspace,
      profile: profileByName(workspace.profile),
    })
  }

  #dropWorkspace(id: WorkspaceId, atMs: number): void {
    const held = this.#workspaces.get(id)
    if (!held) return
    for (const webhook of held.webhooks.values()) {
      if (webhook.deletedMs === null) this.#tell({ ...webhook, deletedMs: atMs }, webhook)
    }
    for (const key of held.keys.values()) this.#keysByHash.delete(key.hash)
    this.#workspaces.delete(id)
  }

  #takeWebhook(changed: Webhook): void {
    const webhook = changed.deletedMs === null ? changed : withoutCredentials(changed)
    const held = this.#workspaces.get(webhook.workspaceId)
    if (!held) return
    const before = held.webhooks.get(webhook.id) ?? null
    if (before !== null && before.version >= webhook.version) return
    held.webhooks.set(webhook.id, webhook)
    held.webhooksAlive += alive(webhook) - (before === null ? 0 : alive(before))
    held.routing = null
    this.#tell(webhook, before)
  }

  #takeType(type: CustomEventType): void {
    const known = this.customEventType(type.workspaceId, type.name)
    // The same object stays, and with it its schema as it was compiled. One that was deleted and made anew has the
    // same versions again, but not the same moment.
    if (known?.version === type.version && known.createdMs === type.createdMs) return
    this.#changeTypes(type.workspaceId, (types) => types.set(type.name, type))
  }

  #changeTypes(id: WorkspaceId, change: (types: Map<string, CustomEventType>) => void): void {
    const held = this.#workspaces.get(id)
    if (!held) return
    change(held.customTypes)
    held.types = null
  }

  #tell(after: Webhook, before: Webhook | null): void {
    for (const listener of this.#listeners) listener(after, before)
  }
}

function alive({ deletedMs }: Webhook): number {
  return deletedMs === null ? 1 : 0
}
