import type { AuditEntry } from "../domain/audit.ts"
import { asId, type WebhookId, type WorkspaceId } from "../domain/ids.ts"
import type { Webhook } from "../domain/webhook.ts"
import {
  type ApiKey,
  type CustomEventType,
  type EventType,
  inCatalogue,
  isInForce,
  type Workspace,
} from "../domain/workspace.ts"
import type { ChangedConfig, ConfigName } from "../ports/ownership.ts"
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

/**
 * So many deleted webhooks are remembered, the last ones: what was read or answered late must not bring them back. Any
 * number may come and go.
 */
const tombstonesMax = 1_000

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
  /** The one deleted longest ago first. */
  readonly #tombstones = new Map<WebhookId, WorkspaceId>()
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

  #reloadOnce(): Promise<void> {
    return this.#undisturbed(
      () => this.#store.loadConfig(),
      (snapshot) => this.#takeOver(snapshot, this.#names()),
    )
  }

  #reloadOf({ names, read }: ChangedConfig): Promise<void> {
    return this.#undisturbed(read, (snapshot) => this.#takeOver(snapshot, names))
  }

  /** @param asked for: those that the snapshot leaves out are gone. */
  #takeOver(snapshot: ConfigSnapshot, asked: readonly ConfigName[]): void {
    const found = new Set(namesIn(snapshot).map(textOf))
    for (const name of asked) if (!found.has(textOf(name))) this.#lose(name)
    const workspaces = new Set(snapshot.workspaces.map(({ id }) => id))
    this.#takeAll(snapshot, (id) => workspaces.has(id) || this.#workspaces.has(id))
  }

  /** What is known, but for what is known to be deleted. */
  #names(): readonly ConfigName[] {
    return [...this.#workspaces.values()].flatMap(({ workspace, webhooks, customTypes, keys }) =>
      namesIn({
        workspaces: [workspace],
        apiKeys: [...keys.values()],
        webhooks: [...webhooks.values()].filter(({ deletedMs }) => deletedMs === null),
        eventTypes: [...customTypes.values()],
      }),
    )
  }

  /** It was removed elsewhere. */
  #lose({ kind, workspaceId, id }: ConfigName): void {
    switch (kind) {
      case "workspace":
        this.#dropWorkspace(workspaceId, 0)
        break
      case "apiKey":
        this.#dropKey(workspaceId, id)
        break
      case "webhook": {
        const webhook = this.webhook(workspaceId, asId(id))
        if (webhook) this.#takeWebhook({ ...webhook, deletedMs: 0 })
        break
      }
      case "eventType":
        this.#changeTypes(workspaceId, (types) => types.delete(id))
        break
    }
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

  /**
   * What changed here while the store was being read may be missing in what it read: a revoked key would live again, and a
   * new webhook be taken for deleted.
   */
  async #undisturbed(read: () => Promise<ConfigSnapshot>, take: (snapshot: ConfigSnapshot) => void): Promise<void> {
    for (;;) {
      const changes = this.#changes
      const snapshot = await read()
      if (changes === this.#changes) return take(snapshot)
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

  /** Also one that was deleted of late. */
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
        this.#takeKey(change.put)
        break
      case "apiKeyForgotten":
        this.#dropKey(change.workspaceId, change.id)
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

  #takeKey(key: ApiKey): void {
    const held = this.#workspaces.get(key.workspaceId)
    if (!held) return
    held.keys.set(key.id, key)
    this.#keysByHash.set(key.hash, key)
  }

  #dropKey(workspaceId: WorkspaceId, id: string): void {
    const held = this.#workspaces.get(workspaceId)
    const key = held?.keys.get(id)
    if (!held || !key) return
    held.keys.delete(id)
    this.#keysByHash.delete(key.hash)
  }

  #takeWebhook(changed: Webhook): void {
    const webhook = changed.deletedMs === null ? changed : withoutCredentials(changed)
    const held = this.#workspaces.get(webhook.workspaceId)
    if (!held) return
    const before = held.webhooks.get(webhook.id) ?? null
    if (before !== null && isPast(webhook, before)) return
    held.webhooks.set(webhook.id, webhook)
    if (webhook.deletedMs !== null) this.#bury(webhook)
    held.webhooksAlive += alive(webhook) - (before === null ? 0 : alive(before))
    held.routing = null
    this.#tell(webhook, before)
  }

  #bury({ id, workspaceId }: Webhook): void {
    this.#tombstones.set(id, workspaceId)
    if (this.#tombstones.size <= tombstonesMax) return
    for (const [oldest, of] of this.#tombstones) {
      this.#tombstones.delete(oldest)
      this.#workspaces.get(of)?.webhooks.delete(oldest)
      return
    }
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

/** Whether what is known is newer. What is deleted stays so; that it is may be all that is known of its last version. */
function isPast(webhook: Webhook, known: Webhook): boolean {
  if (known.deletedMs !== null) return true
  return webhook.deletedMs === null && known.version >= webhook.version
}

function alive({ deletedMs }: Webhook): number {
  return deletedMs === null ? 1 : 0
}

/** What tells the records of a configuration apart. */
type Named = {
  readonly workspaces: readonly Pick<Workspace, "id">[]
  readonly apiKeys: readonly Pick<ApiKey, "workspaceId" | "id">[]
  readonly webhooks: readonly Pick<Webhook, "workspaceId" | "id">[]
  readonly eventTypes: readonly Pick<CustomEventType, "workspaceId" | "name">[]
}

/** The workspaces first: with one of them goes what is in it. */
function namesIn({ workspaces, apiKeys, webhooks, eventTypes }: Named): readonly ConfigName[] {
  return [
    ...workspaces.map(({ id }) => ({ kind: "workspace", workspaceId: id, id }) as const),
    ...apiKeys.map(({ workspaceId, id }) => ({ kind: "apiKey", workspaceId, id }) as const),
    ...webhooks.map(({ workspaceId, id }) => ({ kind: "webhook", workspaceId, id }) as const),
    ...eventTypes.map(({ workspaceId, name }) => ({ kind: "eventType", workspaceId, id: name }) as const),
  ]
}

function textOf({ kind, workspaceId, id }: ConfigName): string {
  return `${kind} ${workspaceId} ${id}`
}
