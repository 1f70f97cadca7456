import { setTimeout as delay } from "node:timers/promises"
import type { WaitingDelivery } from "../../../domain/delivery.ts"
import type { NewEvent } from "../../../domain/event.ts"
import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import type { ChangedConfig, FoundWork, Signals } from "../../../ports/ownership.ts"
import type { Relay } from "../../../ports/relay.ts"
import { backlogs } from "../lanes/backlogs.ts"
import { namedConfig } from "../log/load-config.ts"
import { type Owner, Owners, readShardsNotice, shardsNotice } from "../ownership/owners.ts"
import type { Pool } from "../session.ts"
import { prompt, Session } from "../session.ts"
import { configVersion } from "../writes/configure.ts"
import { channel, nodeChannel } from "./channel.ts"
import { type ConfigNotice, readConfigNotice } from "./config-notice.ts"
import { Envelopes, type Sealing } from "./envelopes.ts"
import { Outbox, readWorkLine } from "./outbox.ts"
import { payloads } from "./payloads.ts"
import { type Numbered, readStoredLine, storedLine } from "./stored-notice.ts"

type What = FoundWork["what"]
/** This node, as the others see it. */
type Self = {
  readonly nodeId: string
  /** Changes whenever it has come into shards. */
  readonly tenure: number
  owns(webhookId: WebhookId): boolean
  /** The shards that it works on. */
  workedOn(): ReadonlySet<number>
}

const pollWorkMs = 1_500
const pollConfigMs = 500
/** Longer than the answer to a commit takes, mostly. */
const workAnswerLateMs = 200
/** A change that the poll finds first is mostly one whose notification is on its way. */
const configNoticeLateMs = 150
const reconnectMs = 250
const sayShardsMs = 1_000
/** What only listens would not notice that nothing comes any more. */
const askListenerMs = 5_000
const relayGatherMs = 50
const relayMessagesMax = 500

/** Tells the other nodes of work and of changed configuration, and hears of theirs; what gets lost a slow poll finds. */
export class Notices implements Signals, Relay {
  readonly #url: string
  readonly #pool: Pool
  readonly #self: Self
  readonly #owners = new Owners()
  readonly #envelopes: Envelopes | null
  readonly #outbox: Outbox
  /** The one that listens. */
  #session: Session | null = null
  #relistening = false
  #stopped = false
  readonly #timers = new Set<NodeJS.Timeout>()
  /** First line of what is relayed: the sender, who need not hear it. */
  readonly #relayed: string
  #messages: string[] = []
  readonly #messageListeners: ((message: string) => void)[] = []
  readonly #workListeners: ((work: FoundWork) => void)[] = []
  readonly #storedListeners: ((deliveries: readonly WaitingDelivery[]) => void)[] = []
  readonly #configListeners: ((changed?: ChangedConfig) => void)[] = []
  #configSeen: number | null = null
  /** What each owned webhook had come to at the last poll. */
  #seen = new Map<WebhookId, string>()

  /** @param sealingOf a node's own; without it events are told of, and not passed. */
  constructor(url: string, pool: Pool, self: Self, sealingOf: ((nodeId: string) => Sealing) | null = null) {
    this.#relayed = `relay ${self.nodeId}`
    this.#url = url
    this.#pool = pool
    this.#self = self
    this.#envelopes = sealingOf && new Envelopes(self.nodeId, sealingOf)
    this.#outbox = new Outbox(this.#run, this.#envelopes)
  }

  async start(): Promise<void> {
    this.#configSeen = await configVersion(this.#run)
    await this.#listen().catch(() => void this.#relisten())
    this.#every(pollWorkMs, () => this.#pollWork())
    this.#every(pollConfigMs, () => this.#pollConfig())
    await this.sayShards()
    this.#every(sayShardsMs, () => this.sayShards())
    this.#every(askListenerMs, () => this.#askListener())
  }

  onWork(listener: (work: FoundWork) => void): void {
    this.#workListeners.push(listener)
  }

  onStored(listener: (deliveries: readonly WaitingDelivery[]) => void): void {
    this.#storedListeners.push(listener)
  }

  onConfig(listener: (changed?: ChangedConfig) => void): void {
    this.#configListeners.push(listener)
  }

  /** Something was stored for a webhook; its owner is told, unless that is this node. */
  tell(workspaceId: WorkspaceId, webhookId: WebhookId, what: What, lastSequence: number | null = null): void {
    if (!this.#self.owns(webhookId) && !this.#stopped) this.#outbox.tell({ workspaceId, webhookId, what, lastSequence })
  }

  /**
   * An event was stored: what other nodes send of it is passed to them whole, and told after that. Whoever the first does
   * not reach learns from the second that it has something to read; whoever it does reach, that it has nothing.
   */
  stored(workspaceId: WorkspaceId, event: NewEvent, sequences: readonly number[]): void {
    const passed = new Map<Owner, Numbered[]>()
    const nowMs = performance.now()
    for (const [at, delivery] of event.deliveries.entries()) {
      const { webhookId } = delivery
      if (this.#self.owns(webhookId)) continue
      const sequence = sequences[at]
      this.tell(workspaceId, webhookId, "new", sequence ?? null)
      const owner = this.#owners.of(webhookId, nowMs)
      if (sequence === undefined || owner === null || owner.nodeId === this.#self.nodeId) continue
      const theirs = passed.get(owner)
      if (theirs === undefined) passed.set(owner, [{ delivery, sequence }])
      else theirs.push({ delivery, sequence })
    }
    if (this.#stopped) return
    for (const [owner, deliveries] of passed) {
      const line = storedLine(workspaceId, event, deliveries)
      if (line !== null) this.#outbox.pass(owner, line)
    }
  }

  publish(message: string): void {
    if (this.#stopped) return
    if (this.#messages.length === 0) this.#later(relayGatherMs, () => this.#sendMessages())
    // The pace of the database is not to be set by those who watch.
    if (this.#messages.length < relayMessagesMax) this.#messages.push(message)
  }

  onMessage(listener: (message: string) => void): void {
    this.#messageListeners.push(listener)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#session?.close()
  }

  readonly #run: Pool["run"] = (text, values) => this.#pool.run(text, values)

  #later(delayMs: number, call: () => Promise<void>): void {
    if (this.#stopped) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void call()
    }, delayMs)
    this.#timers.add(timer)
  }

  #every(delayMs: number, call: () => Promise<void>): void {
    this.#later(delayMs, async () => {
      // A database that is away is found by those that have to answer for it; the poll goes on when it is back.
      await call().catch(() => undefined)
      this.#every(delayMs, call)
    })
  }

  async #listen(): Promise<void> {
    const session: Session = new Session(
      this.#url,
      { statement_timeout: "0" },
      {
        answerMaxMs: prompt.answerMaxMs,
        onNotify: (payload, heardOn) => (heardOn === channel ? this.#heard(payload) : this.#heardOfStored(payload)),
        onLost: () => {
          if (this.#session === session) void this.#relisten()
        },
      },
    )
    try {
      await session.run(`LISTEN ${nodeChannel(this.#self.nodeId)}`)
      await session.run(`LISTEN ${channel}`)
    } catch (error) {
      await session.close()
      throw error
    }
    if (this.#stopped) return session.close()
    this.#session = session
    if (session.lost) throw new Error("The connection was lost as soon as it listened.")
  }

  /** What the polls find late, and those who watch the stream on this node not at all. */
  async #askListener(): Promise<void> {
    const session = this.#session
    if (session === null) return
    try {
      await session.run("SELECT 1")
    } catch {
      if (this.#session === session) void this.#relisten()
    }
  }

  /** Until one listens; only ever one such loop, for each would leave a connection behind when the database is back. */
  async #relisten(): Promise<void> {
    if (this.#relistening) return
    this.#relistening = true
    const before = this.#session
    this.#session = null
    await before?.close()
    for (let listens = false; !listens && !this.#stopped; ) {
      await new Promise<void>((resolve) => this.#later(reconnectMs, async () => resolve()))
      listens = await this.#listen().then(
        () => true,
        () => false,
      )
    }
    this.#relistening = false
    // What was missed; should it fail, the polls find it.
    await Promise.all([this.#pollConfig(), this.#pollWork()]).catch(() => undefined)
  }

  #heard(payload: string): void {
    const config = readConfigNotice(payload)
    if (config !== null) return this.#heardOfConfig(config)
    const shards = readShardsNotice(payload)
    if (shards !== null) return this.#owners.heard(shards, performance.now())
    const lines = payload.split("\n")
    if (lines[0]?.startsWith("relay ")) {
      if (lines[0] === this.#relayed) return
      for (const line of lines.slice(1)) for (const listener of this.#messageListeners) listener(line)
      return
    }
    for (const line of lines) {
      const work = readWorkLine(line)
      if (work !== null) this.#work(work)
    }
  }

  #heardOfStored(payload: string): void {
    const lines = this.#envelopes?.opened(payload, this.#self.tenure) ?? []
    const deliveries = lines.flatMap(readStoredLine)
    if (deliveries.length === 0) return
    for (const listener of this.#storedListeners) listener(deliveries)
  }

  #work(work: FoundWork): void {
    if (!this.#self.owns(work.webhookId)) return
    for (const listener of this.#workListeners) listener(work)
  }

  async #sendMessages(): Promise<void> {
    const messages = this.#messages
    this.#messages = []
    for (const payload of payloads(this.#relayed, messages)) await this.#notify(payload)
  }

  /** For those who store what this node is to send: not for anything but speed. */
  async sayShards(): Promise<void> {
    if (this.#stopped) return
    const { nodeId, tenure } = this.#self
    return this.#notify(shardsNotice({ owner: { nodeId, tenure }, shards: this.#self.workedOn() }))
  }

  async #notify(payload: string): Promise<void> {
    await this.#run("SELECT pg_notify($1, $2)", [channel, payload]).catch(() => undefined)
  }

  /** What is named is all that has changed only if no notification before it was missed. */
  #heardOfConfig({ version, names }: ConfigNotice): void {
    const seen = this.#configSeen
    if (seen !== null && version <= seen) return
    this.#configSeen = version
    const isNext = seen !== null && version === seen + 1
    if (names === null || !isNext) this.#tellConfig()
    else this.#tellConfig({ names, read: () => namedConfig(this.#run, names) })
  }

  #tellConfig(changed?: ChangedConfig): void {
    for (const listener of this.#configListeners) listener(changed)
  }

  async #pollConfig(): Promise<void> {
    const version = await configVersion(this.#run)
    if (version === this.#configSeen) return
    await delay(configNoticeLateMs)
    if (this.#configSeen !== null && version <= this.#configSeen) return
    this.#configSeen = version
    this.#tellConfig()
  }

  async #pollWork(): Promise<void> {
    const seen = new Map<WebhookId, string>()
    const found: FoundWork[] = []
    for (const { workspaceId, webhookId, lastSequence, wakes } of await backlogs(this.#run)) {
      if (!this.#self.owns(webhookId)) continue
      const state = `${lastSequence} ${wakes}`
      const before = this.#seen.get(webhookId)
      seen.set(webhookId, state)
      if (before === state) continue
      const isNew = before?.endsWith(` ${wakes}`) === true
      found.push(
        isNew ? { workspaceId, webhookId, what: "new", lastSequence } : { workspaceId, webhookId, what: "again" },
      )
    }
    this.#seen = seen
    if (found.length === 0) return
    // What this node accepts itself is stored a moment before it hears of that: by then it knows the numbers.
    await delay(workAnswerLateMs)
    for (const work of found) this.#work(work)
  }
}
