import { Intake } from "./accept/intake.ts"
import { OperationalEvents } from "./accept/operational-events.ts"
import { OwnSchemas } from "./accept/own-schemas.ts"
import { startBacklogWatch } from "./dispatch/backlog-watch.ts"
import { Dispatcher, type DispatchLimits } from "./dispatch/dispatcher.ts"
import { startForgetting } from "./dispatch/forgetting.ts"
import { backlogMeter } from "./dispatch/measuring-backlog.ts"
import { Probe } from "./dispatch/probe.ts"
import { Replaying } from "./dispatch/replaying.ts"
import type { SettledListener } from "./dispatch/settling.ts"
import type { NewEvent } from "./domain/event.ts"
import { asId, IdMint, pooledHex16, type WorkspaceId } from "./domain/ids.ts"
import { type DisabledReason, type Webhook, webhookStatus } from "./domain/webhook.ts"
import { type Clock, pause } from "./ports/clock.ts"
import type { OnFault } from "./ports/faults.ts"
import type { Gauges, Metrics } from "./ports/metrics.ts"
import { type ChangedConfig, type Ownership, ownsAll, type Signals } from "./ports/ownership.ts"
import type { Poster } from "./ports/poster.ts"
import type { Random } from "./ports/random.ts"
import type { Store } from "./ports/store.ts"
import type { Tracing } from "./ports/tracing.ts"
import { Registry } from "./registry/registry.ts"
import type { Sealing } from "./registry/webhook-record.ts"

/** Everything the engine takes from outside. */
export type EngineParts = {
  readonly store: Store
  readonly poster: Pick<Poster, "post">
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  /** Left out or null: nothing is recorded, and publishers' traces are passed on as they came. */
  readonly tracing?: Tracing | null
  readonly sealing: Sealing
  readonly retentionMs: number
  readonly onSettled?: SettledListener
  /** Told of each event that the engine publishes itself, once it is durable. */
  readonly onPublished?: (workspaceId: WorkspaceId, event: NewEvent) => void
  readonly onFault: OnFault
  readonly limits?: DispatchLimits
  /** The other nodes, when the store is one that several share. */
  readonly cluster?: { readonly ownership: Ownership; readonly signals: Signals }
}

export type Engine = {
  readonly registry: Registry
  readonly intake: Intake
  readonly ownSchemas: OwnSchemas
  readonly dispatcher: Dispatcher
  readonly probe: Probe
  readonly replaying: Replaying
  readonly mint: IdMint
  readonly gauges: Gauges
  /** Takes up what was left waiting. */
  start(): Promise<void>
  /** Whether it sends what is accepted: from the end of `start` until `stop`. */
  running(): boolean
  /** Starts no more attempts; resolves when those in flight are settled. */
  stop(): Promise<void>
}

/** Longer than a commit takes that is going to be made at all. */
const uncertainPauseMs = 5_000
/** Replays asked for on another node, or left by one, are found this soon. */
const replayPollMs = 2_000
const reloadAgainMs = 250
/** Changes read one by one; with more of them waiting everything is read. */
const changesApartMax = 50

/**
 * Puts the engine together. The server and the simulation do it here alike: only what is handed in differs.
 * @throws SealBroken when the stored secrets were sealed with another key.
 */
export async function assembleEngine(parts: EngineParts): Promise<Engine> {
  const { store, poster, clock, random, metrics, onFault } = parts
  const tracing = parts.tracing ?? null
  const ownership = parts.cluster?.ownership ?? ownsAll
  const mint = new IdMint(pooledHex16((count) => random.bytes(count)))
  const registry = await Registry.load(store, parts.sealing)
  const operational = new OperationalEvents({ registry, store, clock, mint })
  const onBrought = (workspaceId: WorkspaceId, event: NewEvent) => {
    const { deliveries } = event
    metrics.accepted(1, deliveries.length)
    parts.onPublished?.(workspaceId, event)
    for (const { webhookId } of deliveries) dispatcher.missed(workspaceId, webhookId)
  }
  const dispatcher: Dispatcher = new Dispatcher({
    store,
    poster,
    registry,
    clock,
    random,
    metrics,
    tracing,
    disable: (webhook, reason) => disableWebhook({ registry, mint, clock, operational, onBrought }, webhook, reason),
    brings: operational.afterSettling.bind(operational),
    onBrought,
    onSettled: parts.onSettled ?? (() => {}),
    onFault,
    ownership,
    ...(parts.limits && { limits: parts.limits }),
  })
  const ownSchemas = new OwnSchemas(clock)
  const intake = new Intake({
    store,
    registry,
    ownSchemas,
    clock,
    mint,
    metrics,
    tracing,
    onDurable: (waiting) => dispatcher.push(waiting),
    onUncertain(workspaceId, webhookIds) {
      // Not at once: the commit whose answer was lost may still be under way.
      clock.after(uncertainPauseMs, () => {
        for (const webhookId of webhookIds) dispatcher.missed(workspaceId, webhookId)
      })
    },
  })
  const probe = new Probe({ registry, poster, clock, mint })
  const missed = dispatcher.missed.bind(dispatcher)
  const owns = ownership.owns.bind(ownership)
  const replaying = new Replaying({ store, registry, clock, mint, missed, onFault, owns, metrics })
  let stopFollowing = () => {}
  let stopForgetting = () => Promise.resolve()
  let stopWatching = () => Promise.resolve()
  let running = false
  return {
    registry,
    intake,
    ownSchemas,
    dispatcher,
    probe,
    replaying,
    mint,
    gauges: {
      inFlight: () => dispatcher.inFlight(),
      shards: () => ownership.shards(),
      webhooks: () => webhooksByStatus(registry),
      replaysRunning: () => replaying.running(),
      backlog: backlogMeter({ store, registry, ownership, clock }),
    },
    async start() {
      // First: what the others store while this node reads what waits is told once.
      if (parts.cluster) stopFollowing = followOthers(parts.cluster.signals, { registry, dispatcher, replaying }, parts)
      await dispatcher.start()
      await replaying.start()
      const leads = ownership.leads.bind(ownership)
      stopForgetting = startForgetting({ store, clock, retentionMs: parts.retentionMs, leads, metrics, onFault })
      stopWatching = startBacklogWatch({
        store,
        registry,
        clock,
        owns,
        isWanted: (workspaceId) => operational.isWanted(workspaceId, "backlog.growing"),
        async onGrowing(webhook, waiting, reached) {
          const event = operational.backlogGrowing(webhook, waiting, reached, clock.now())
          if (event === null) return
          const { workspaceId } = webhook
          const outcome = await store.accept({ workspaceId, events: [event] })
          if (outcome.outcome === "accepted" && !outcome.events[0]?.duplicate) onBrought(workspaceId, event)
        },
        onFault,
      })
      running = true
    },
    running: () => running,
    async stop() {
      running = false
      stopFollowing()
      replaying.stop()
      const drained = dispatcher.stop()
      ownership.retire(() => dispatcher.unsettled())
      await Promise.all([stopForgetting(), stopWatching(), drained])
    },
  }
}

/** Follows what other nodes store and change. @returns ends it. */
function followOthers(
  signals: Signals,
  { registry, dispatcher, replaying }: Pick<Engine, "registry" | "dispatcher" | "replaying">,
  { clock, onFault }: Pick<EngineParts, "clock" | "onFault">,
): () => void {
  let stopped = false
  /** What is to be read, in the order in which it was heard of. */
  let changes: (ChangedConfig | "all")[] = []
  let reloading = false
  const quietly = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (fault) {
      onFault(fault, what)
      return false
    }
  }
  const reload = async (changed: ChangedConfig | "all") => {
    // Whatever was read before tells nothing of a change that comes now.
    if (changed === "all" || changes.length >= changesApartMax) changes = ["all"]
    else if (changes[0] !== "all") changes.push(changed)
    else changes = ["all"]
    if (reloading) return
    reloading = true
    for (let next = changes.shift(); next !== undefined && !stopped; next = changes.shift()) {
      const read = next
      const what = "reading the changed configuration"
      if (await quietly(what, () => (read === "all" ? registry.reload() : registry.reloadChanged(read)))) continue
      changes = ["all"]
      await pause(clock, reloadAgainMs)
    }
    reloading = false
  }
  signals.onConfig((changed) => void reload(changed ?? "all"))
  signals.onWork((work) => {
    const { workspaceId, webhookId } = work
    if (work.what === "new") dispatcher.missed(workspaceId, webhookId, work.lastSequence)
    else dispatcher.wake(workspaceId, webhookId)
  })
  // What was changed while this node loaded its configuration.
  void reload("all")
  const pollReplays = async () => {
    await quietly("looking for replays", () => replaying.start())
    if (!stopped) cancel = clock.after(replayPollMs, () => void pollReplays())
  }
  let cancel = clock.after(replayPollMs, () => void pollReplays())
  return () => {
    stopped = true
    cancel()
  }
}

function webhooksByStatus(registry: Registry): ReturnType<Gauges["webhooks"]> {
  const counts = { active: 0, inactive: 0, unverified: 0, disabled: 0 }
  for (const { id } of registry.workspaces())
    for (const webhook of registry.webhooks(id)) {
      const status = webhookStatus(webhook)
      if (status !== "deleted") counts[status] += 1
    }
  return counts
}

type DisableWebhookParts = {
  readonly registry: Registry
  readonly mint: IdMint
  readonly clock: Clock
  readonly operational: OperationalEvents
  readonly onBrought: (workspaceId: WorkspaceId, event: NewEvent) => void
}

/** What the engine decides about a webhook by itself is in the audit log like what a person decides. */
async function disableWebhook(
  { registry, mint, clock, operational, onBrought }: DisableWebhookParts,
  webhook: Webhook,
  reason: DisabledReason,
): Promise<"done" | "conflict"> {
  const atMs = clock.now()
  const disabled = { reason, atMs }
  const { workspaceId } = webhook
  const event = operational.webhookDisabled(webhook, reason, atMs)
  const outcome = await registry.change(
    [{ kind: "webhook", put: { ...webhook, disabled, updatedMs: atMs, version: webhook.version + 1 } }],
    [
      {
        id: asId(`aud_${mint.next(atMs)}`),
        workspaceId: webhook.workspaceId,
        atMs,
        actor: { kind: "engine" },
        address: null,
        action: "webhook.disabled",
        subject: webhook.id,
        before: { disabled: null },
        after: { disabled: { reason } },
      },
    ],
    event && { workspaceId, event },
  )
  if (outcome === "done" && event !== null) onBrought(workspaceId, event)
  return outcome
}
