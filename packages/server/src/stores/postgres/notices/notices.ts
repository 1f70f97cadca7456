import { setTimeout as delay } from "node:timers/promises"
import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import type { ChangedConfig, FoundWork, Signals } from "../../../ports/ownership.ts"
import type { Relay } from "../../../ports/relay.ts"
import { backlogs } from "../lanes/backlogs.ts"
import { namedConfig } from "../log/load-config.ts"
import type { Pool } from "../session.ts"
import { prompt, Session } from "../session.ts"
import { configVersion } from "../writes/configure.ts"
import { channel, payloadMaxBytes } from "./channel.ts"
import { type ConfigNotice, readConfigNotice } from "./config-notice.ts"

type What = FoundWork["what"]
type Work = { readonly workspaceId: WorkspaceId; readonly webhookId: WebhookId; readonly what: What }

/**
 * Gathered for so long. Sent after the commit and not within: a transaction that notifies holds a lock of the whole
 * database until its commit is on disk, so commits would queue up behind each other.
 */
const gatherMs = 5
const pollWorkMs = 1_500
const pollConfigMs = 500
/** Longer than the answer to a commit takes, mostly. */
const workAnswerLateMs = 200
/** A change that the poll finds first is mostly one whose notification is on its way. */
const configNoticeLateMs = 150
const reconnectMs = 250
/** What only listens would not notice that nothing comes any more. */
const askListenerMs = 5_000
const relayGatherMs = 50
const relayMessagesMax = 500

/** Tells the other nodes of work and of changed configuration, and hears of theirs; what gets lost a slow poll finds. */
export class Notices implements Signals, Relay {
  readonly #url: string
  readonly #pool: Pool
  readonly #owns: (webhookId: WebhookId) => boolean
  /** The one that listens. */
  #session: Session | null = null
  #relistening = false
  #stopped = false
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #outgoing = new Map<string, Work>()
  /** First line of what is relayed: the sender, who need not hear it. */
  readonly #relayed: string
  #messages: string[] = []
  readonly #messageListeners: ((message: string) => void)[] = []
  readonly #workListeners: ((work: FoundWork) => void)[] = []
  readonly #configListeners: ((changed?: ChangedConfig) => void)[] = []
  #configSeen: number | null = null
  /** What each owned webhook had come to at the last poll. */
  #seen = new Map<WebhookId, string>()

  constructor(url: string, pool: Pool, nodeId: string, owns: (webhookId: WebhookId) => boolean) {
    this.#relayed = `relay ${nodeId}`
    this.#url = url
    this.#pool = pool
    this.#owns = owns
  }

  async start(): Promise<void> {
    this.#configSeen = await configVersion(this.#run)
    await this.#listen().catch(() => void this.#relisten())
    this.#every(pollWorkMs, () => this.#pollWork())
    this.#every(pollConfigMs, () => this.#pollConfig())
    this.#every(askListenerMs, () => this.#askListener())
  }

  onWork(listener: (work: FoundWork) => void): void {
    this.#workListeners.push(listener)
  }

  onConfig(listener: (changed?: ChangedConfig) => void): void {
    this.#configListeners.push(listener)
  }

  /** Something was stored for a webhook; its owner is told, unless that is this node. */
  tell(workspaceId: WorkspaceId, webhookId: WebhookId, what: What): void {
    if (this.#owns(webhookId) || this.#stopped) return
    if (this.#outgoing.size === 0) this.#later(gatherMs, () => this.#send())
    this.#outgoing.set(`${webhookId} ${what}`, { workspaceId, webhookId, what })
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
        onNotify: (payload) => this.#heard(payload),
        onLost: () => {
          if (this.#session === session) void this.#relisten()
        },
      },
    )
    try {
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
    const lines = payload.split("\n")
    if (lines[0]?.startsWith("relay ")) {
      if (lines[0] === this.#relayed) return
      for (const line of lines.slice(1)) for (const listener of this.#messageListeners) listener(line)
      return
    }
    for (const line of lines) {
      const [workspaceId, webhookId, what] = line.split(" ")
      if (workspaceId === undefined || webhookId === undefined) continue
      const names = { workspaceId: asId<WorkspaceId>(workspaceId), webhookId: asId<WebhookId>(webhookId) }
      this.#work(what === "again" ? { ...names, what } : { ...names, what: "new", lastSequence: null })
    }
  }

  #work(work: FoundWork): void {
    if (!this.#owns(work.webhookId)) return
    for (const listener of this.#workListeners) listener(work)
  }

  async #send(): Promise<void> {
    const lines = [...this.#outgoing.values()].map((work) => `${work.workspaceId} ${work.webhookId} ${work.what}`)
    this.#outgoing.clear()
    for (const payload of payloads("", lines)) await this.#notify(payload)
  }

  async #sendMessages(): Promise<void> {
    const messages = this.#messages
    this.#messages = []
    for (const payload of payloads(this.#relayed, messages)) await this.#notify(payload)
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
      if (!this.#owns(webhookId)) continue
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

/** Lines in as few payloads as hold them, each under the same first line; a line that is too long alone is left out. */
function payloads(head: string, lines: readonly string[]): readonly string[] {
  const found: string[] = []
  let payload = head
  for (const line of lines) {
    const lineBytes = Buffer.byteLength(line) + 1
    if (Buffer.byteLength(head) + lineBytes > payloadMaxBytes) continue
    if (Buffer.byteLength(payload) + lineBytes > payloadMaxBytes) {
      found.push(payload)
      payload = head
    }
    payload += payload === "" ? line : `\n${line}`
  }
  if (payload !== head) found.push(payload)
  return found
}
