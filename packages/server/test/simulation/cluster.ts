import type { WebhookId, WorkspaceId } from "../../src/domain/ids.ts"
import type { FoundWork, Ownership, Signals } from "../../src/ports/ownership.ts"
import type { VirtualClock } from "../../src/system/virtual-clock.ts"
import type { Fact } from "./disks/fact.ts"
import type { Lifeline } from "./process/lifeline.ts"
import type { SeededRandom } from "./seeded-random.ts"

/** As the PostgreSQL adapter has them (stores/postgres/ownership, notices). */
const beatEveryMs = 1_000
const trustMs = 4_000
const leaseMs = 6_000
const drainMaxMs = 2_000
const retirePauseMs = 100
const noticeMs = 5
const pollWorkMs = 1_500
const pollConfigMs = 500
const noticesLost = 0.2

type What = FoundWork["what"]

/** What the database knows of each webhook that a poll compares. */
type Counted = { readonly workspaceId: WorkspaceId; lastSequence: number; wakes: number }

/**
 * Who sends for which webhook, as a database decides it that several nodes share: a lock on each, held by a session
 * that ends with its node's connection or when the others have not heard of it for too long. Plays the promises of
 * the port, in virtual time; PostgreSQL's own part is tested on PostgreSQL.
 */
export class Cluster {
  readonly #clock: VirtualClock
  readonly #random: SeededRandom
  readonly #members: Member[] = []
  /** The session that holds a webhook's lock. */
  readonly #locks = new Map<WebhookId, Member>()
  readonly #counted = new Map<WebhookId, Counted>()
  /** How often each lock was taken. */
  readonly #tenures = new Map<WebhookId, number>()
  /** Tenures that were given up by agreement, once the owner had said that nothing was under way. */
  readonly #handedOver = new Map<WebhookId, Set<number>>()
  #configVersion = 0

  constructor(clock: VirtualClock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** A process connects. */
  join(lifeline: Lifeline): Member {
    const member: Member = new Member(this, this.#clock, lifeline)
    this.#members.push(member)
    return member
  }

  /** Its connections have broken: the database frees what it held. */
  left(member: Member): void {
    const at = this.#members.indexOf(member)
    if (at >= 0) this.#members.splice(at, 1)
    this.free(member)
  }

  holds(member: Member, webhookId: WebhookId): boolean {
    return this.#locks.get(webhookId) === member
  }

  holder(webhookId: WebhookId): Member | null {
    return this.#locks.get(webhookId) ?? null
  }

  /** Rises each time that a webhook gets an owner, be it the same again. */
  tenure(webhookId: WebhookId): number {
    return this.#tenures.get(webhookId) ?? 0
  }

  get configVersion(): number {
    return this.#configVersion
  }

  webhooks(): readonly WebhookId[] {
    return [...this.#counted.keys()]
  }

  counted(webhookId: WebhookId): Counted | undefined {
    return this.#counted.get(webhookId)
  }

  free(member: Member): void {
    for (const [webhookId, holder] of this.#locks) if (holder === member) this.#locks.delete(webhookId)
  }

  /** @param settled whether its owner has said that nothing is under way. */
  unlock(member: Member, webhookId: WebhookId, settled: boolean): void {
    if (!this.holds(member, webhookId)) return
    this.#locks.delete(webhookId)
    if (!settled) return
    const tenures = this.#handedOver.get(webhookId) ?? new Set()
    this.#handedOver.set(webhookId, tenures.add(this.tenure(webhookId)))
  }

  wasHandedOver(webhookId: WebhookId, tenure: number): boolean {
    return this.#handedOver.get(webhookId)?.has(tenure) === true
  }

  tryLock(member: Member, webhookId: WebhookId): boolean {
    if (this.#locks.has(webhookId)) return false
    this.#locks.set(webhookId, member)
    this.#tenures.set(webhookId, this.tenure(webhookId) + 1)
    return true
  }

  /** A node says that it lives, and ends the sessions of those that have been silent too long. */
  beat(member: Member): void {
    const nowMs = this.#clock.monotonic()
    member.beatenMs = nowMs
    for (const other of this.#members)
      if (other.connected && nowMs - other.beatenMs > leaseMs) {
        other.connected = false
        this.free(other)
      }
  }

  /** The webhooks that are a node's by right: shared out evenly among those that live. */
  share(member: Member): ReadonlySet<WebhookId> {
    const live = this.#members.filter(({ connected, retired }) => connected && !retired)
    const rank = live.indexOf(member)
    return new Set(this.webhooks().filter((_, index) => index % live.length === rank))
  }

  /** Something has become durable at a node's call: the others are told as the adapter tells them, or not. */
  told(by: Member, fact: Fact): void {
    switch (fact.verb) {
      case "accept":
        if (fact.answer.outcome === "conflict") return
        for (const [index, event] of fact.events.entries())
          fact.answer.events[index]?.sequences.forEach((sequence, at) => {
            const webhookId = event.deliveries[at]?.webhookId
            const counted = webhookId && this.#counted.get(webhookId)
            if (!counted) return
            counted.lastSequence = Math.max(counted.lastSequence, sequence)
            this.#notify(by, webhookId, "new")
          })
        return
      case "enqueue": {
        const counted = this.#counted.get(fact.enqueue.webhookId)
        if (!counted || fact.sequences === null) return
        counted.lastSequence = Math.max(counted.lastSequence, ...fact.sequences)
        this.#notify(by, fact.enqueue.webhookId, "new")
        return
      }
      case "reopen": {
        const counted = fact.webhookId && this.#counted.get(fact.webhookId)
        if (!counted || fact.webhookId === null) return
        counted.wakes += 1
        this.#notify(by, fact.webhookId, "again")
        return
      }
      case "configure":
        if (fact.answer === "conflict") return
        this.#configVersion += 1
        for (const change of fact.changes)
          if (change.kind === "webhook" && !this.#counted.has(change.put.id))
            this.#counted.set(change.put.id, { workspaceId: change.put.workspaceId, lastSequence: 0, wakes: 0 })
        for (const other of this.#members)
          if (other !== by && !this.#random.chance(noticesLost)) this.#later(other, () => other.pollConfig())
        return
      case "settle":
      case "cancelWaiting":
      case "putReplay":
      case "forget":
        return
    }
  }

  #notify(by: Member, webhookId: WebhookId, what: What): void {
    if (by.owns(webhookId)) return
    for (const other of this.#members)
      if (other !== by && !this.#random.chance(noticesLost)) this.#later(other, () => other.work(webhookId, what))
  }

  #later(member: Member, call: () => void): void {
    this.#clock.after(noticeMs + this.#random.below(50), () => member.lifeline.hear(call))
  }
}

/** One node's session and its side of the agreement. */
export class Member implements Ownership, Signals {
  readonly lifeline: Lifeline
  readonly #cluster: Cluster
  readonly #clock: VirtualClock
  /** The database has not ended its session. */
  connected = true
  beatenMs: number
  readonly #held = new Set<WebhookId>()
  readonly #leaving = new Set<WebhookId>()
  #sureUntilMs = 0
  retired = false
  #configSeen: number
  #seen = new Map<WebhookId, string>()
  readonly #gained: (() => void)[] = []
  readonly #lost: (() => Promise<void>)[] = []
  readonly #workListeners: ((work: FoundWork) => void)[] = []
  readonly #configListeners: (() => void)[] = []

  constructor(cluster: Cluster, clock: VirtualClock, lifeline: Lifeline) {
    this.#cluster = cluster
    this.#clock = clock
    this.lifeline = lifeline
    this.beatenMs = clock.monotonic()
    this.#configSeen = cluster.configVersion
    this.#every(beatEveryMs, () => this.#beat())
    this.#every(pollWorkMs, () => this.#pollWork())
    this.#every(pollConfigMs, () => this.pollConfig())
  }

  owns(webhookId: WebhookId): boolean {
    return this.#held.has(webhookId) && !this.#leaving.has(webhookId) && this.#isSure()
  }

  leads(): boolean {
    const [first] = this.#cluster.webhooks()
    return first !== undefined && this.#held.has(first) && this.#isSure()
  }

  shards(): { readonly owned: number; readonly of: number } {
    return { owned: this.#held.size, of: this.#cluster.webhooks().length }
  }

  onGained(listener: () => void): void {
    this.#gained.push(listener)
  }

  onLost(listener: () => Promise<void>): void {
    this.#lost.push(listener)
  }

  retire(busy: () => Iterable<WebhookId>): void {
    this.retired = true
    const letGo = () => {
      const inUse = new Set(busy())
      for (const webhookId of [...this.#held])
        if (!inUse.has(webhookId)) {
          this.#held.delete(webhookId)
          this.#leaving.delete(webhookId)
          this.#cluster.unlock(this, webhookId, true)
        }
    }
    letGo()
    this.#every(retirePauseMs, letGo)
  }

  onWork(listener: (work: FoundWork) => void): void {
    this.#workListeners.push(listener)
  }

  onConfig(listener: () => void): void {
    this.#configListeners.push(listener)
  }

  /** Settlements are taken from the session that holds the lock. */
  maySettle(webhookId: WebhookId): boolean {
    return this.connected && this.#held.has(webhookId) && this.#cluster.holds(this, webhookId)
  }

  /** @param lastSequence of what is new; null: nobody said. */
  work(webhookId: WebhookId, what: What, lastSequence: number | null = null): void {
    const counted = this.#cluster.counted(webhookId)
    if (!counted || !this.owns(webhookId)) return
    const names = { workspaceId: counted.workspaceId, webhookId }
    for (const listener of this.#workListeners)
      listener(what === "new" ? { ...names, what, lastSequence } : { ...names, what })
  }

  pollConfig(): void {
    const version = this.#cluster.configVersion
    if (version === this.#configSeen) return
    this.#configSeen = version
    this.#soon(() => {
      for (const listener of this.#configListeners) listener()
    })
  }

  #isSure(): boolean {
    return !this.retired && this.#clock.monotonic() < this.#sureUntilMs
  }

  /** Ticks are cheap; whatever they lead to gets a turn of its own. */
  #every(delayMs: number, call: () => void): void {
    if (this.lifeline.dead) return
    this.#clock.tick(delayMs, () => {
      if (this.lifeline.running) call()
      this.#every(delayMs, call)
    })
  }

  #soon(call: () => void): void {
    this.#clock.after(0, () => this.lifeline.hear(call))
  }

  #beat(): void {
    if (this.retired) return
    if (!this.connected) {
      // It finds out only now, and begins anew.
      this.#held.clear()
      this.#leaving.clear()
      this.#sureUntilMs = 0
      this.connected = true
      this.beatenMs = this.#clock.monotonic()
      this.#soon(() => {
        for (const listener of this.#lost) void listener()
      })
      return
    }
    const wasSure = this.#isSure()
    this.#cluster.beat(this)
    const share = this.#cluster.share(this)
    const surplus = [...this.#held].filter((webhookId) => !share.has(webhookId) && !this.#leaving.has(webhookId))
    if (surplus.length > 0) this.#release(surplus)
    let taken = false
    for (const webhookId of share)
      if (!this.#held.has(webhookId) && this.#cluster.tryLock(this, webhookId)) {
        this.#held.add(webhookId)
        taken = true
      }
    this.#sureUntilMs = this.#clock.monotonic() + trustMs
    if (!taken && wasSure) return
    // At once, as in the adapter: what was buffered may be stale.
    this.#clock.after(0, () => {})
    for (const listener of this.#gained) listener()
  }

  /** By agreement: the next owner waits until what is in flight is settled, for so long at most. */
  #release(webhookIds: readonly WebhookId[]): void {
    for (const webhookId of webhookIds) this.#leaving.add(webhookId)
    let released = false
    const unlock = (settled: boolean) => {
      if (released) return
      released = true
      for (const webhookId of webhookIds) {
        if (!this.#leaving.delete(webhookId)) continue
        this.#held.delete(webhookId)
        this.#cluster.unlock(this, webhookId, settled)
      }
    }
    this.#soon(() => {
      void Promise.all(this.#lost.map((listener) => listener())).then(() => unlock(true))
      this.#clock.after(drainMaxMs, () => this.lifeline.hear(() => unlock(false)))
    })
  }

  #pollWork(): void {
    const seen = new Map<WebhookId, string>()
    for (const webhookId of this.#cluster.webhooks()) {
      const counted = this.#cluster.counted(webhookId)
      if (!counted || !this.owns(webhookId)) continue
      const { lastSequence, wakes } = counted
      const state = `${lastSequence} ${wakes}`
      const before = this.#seen.get(webhookId)
      seen.set(webhookId, state)
      if (before === state) continue
      const what = before?.endsWith(` ${wakes}`) === true ? "new" : "again"
      this.#soon(() => this.work(webhookId, what, lastSequence))
    }
    this.#seen = seen
  }
}
