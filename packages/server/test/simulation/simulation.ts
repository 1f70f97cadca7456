import type { AuditEntry } from "../../src/domain/audit.ts"
import { asId, type WebhookId, type WorkspaceId } from "../../src/domain/ids.ts"
import { isSending, type Webhook } from "../../src/domain/webhook.ts"
import type { Sender } from "../../src/ports/sender.ts"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { plainWebhook } from "../plain-webhook.ts"
import { pauseMs, someAct } from "./acts/acts.ts"
import { retry } from "./acts/configuring.ts"
import { quickMs } from "./acts/troubling.ts"
import { compare } from "./checks/comparing.ts"
import { Model } from "./checks/model.ts"
import { lookEveryMs, Progress } from "./checks/progress.ts"
import { Verdicts, type Violation } from "./checks/verdicts.ts"
import { Witness } from "./checks/witness.ts"
import { Cluster } from "./cluster.ts"
import type { Disk } from "./disks/disk.ts"
import { memoryDisk } from "./disks/memory-disk.ts"
import { wellBehaved } from "./disks/moody-store.ts"
import { sqliteDisk } from "./disks/sqlite-disk.ts"
import { planFor, type Setting, webhookPlan } from "./plan.ts"
import { type Life, type Node, type Surroundings, startLife, type Watcher } from "./process/engine-process.ts"
import { answerTo, willing } from "./receivers.ts"
import { RingSealing } from "./ring-sealing.ts"
import { arrival, type Reply } from "./scripted-sender.ts"
import { SeededRandom } from "./seeded-random.ts"
import { type Counted, counted, type Stage, type UpLife } from "./stage.ts"
import { Trace } from "./trace.ts"
import { Troubles } from "./troubles.ts"

export type SimulationOptions = {
  readonly seed: number
  /** Of virtual time with faults in it; then all is mended, and it goes on until nothing is owed. */
  readonly hours: number
  /** Null: the seed decides. */
  readonly setting: Setting | null
  /** Told of everything that happens. */
  readonly onLine?: (line: string) => void
  /** Ends it at the next turn, with whatever was found until then. */
  readonly signal?: AbortSignal
  /** Told now and then how much of the hours has passed, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

export type SimulationOutcome = {
  readonly seed: number
  readonly hours: number
  readonly setting: Setting
  /** Null when everything held. */
  readonly violation: Violation | null
  /** SHA-256 over everything that happened: the same for the same seed. */
  readonly fingerprint: string
  /** Turns of the engine; a violation was found after the last one. */
  readonly steps: number
  readonly happenings: number
  readonly checks: number
  readonly virtualMs: number
  readonly counts: Readonly<Record<Counted, number>>
  /** The last happenings, for a violation. */
  readonly last: readonly string[]
}

const hourMs = 3_600_000
/** After everything is mended: a whole window, and clocks that were set back. */
const patienceMs = 250 * hourMs
const conflictsMax = 5

/** Runs one seed from its beginning to its end. Never rejects for what it finds. */
export async function simulate(options: SimulationOptions): Promise<SimulationOutcome> {
  const simulation = new Simulation(options)
  try {
    return await simulation.run()
  } finally {
    simulation.close()
  }
}

class Simulation implements Stage, Watcher {
  readonly #options: SimulationOptions
  readonly clock = new VirtualClock()
  readonly random: SeededRandom
  readonly #plans: SeededRandom
  readonly #receivers: SeededRandom
  readonly #latencies: SeededRandom
  readonly plan
  readonly workspaceId: WorkspaceId = asId("ws_1")
  readonly verdicts = new Verdicts()
  readonly trace: Trace
  readonly model: Model
  readonly witness: Witness
  readonly troubles: Troubles
  readonly sealing = new RingSealing()
  readonly moods: Stage["moods"] = new Map()
  readonly nodes: readonly Node[]
  storeMood = wellBehaved
  latencyMaxMs = quickMs
  mended = false
  readonly counts: Record<Counted, number>
  readonly #disk: Disk
  readonly #cluster: Cluster | null
  readonly #progress: Progress
  readonly #around: Surroundings
  #webhooks = 0
  #steps = 0
  #ending = false
  #made = false

  constructor(options: SimulationOptions) {
    this.#options = options
    const seeds = new SeededRandom(options.seed)
    const source = () => new SeededRandom(seeds.below(2 ** 32))
    this.#plans = source()
    this.random = source()
    this.#receivers = source()
    this.#latencies = source()
    const lives = source()
    const notices = source()
    this.plan = planFor(this.#plans, options.setting)
    const nowMs = () => this.clock.monotonic()
    this.trace = new Trace(nowMs, options.onLine)
    this.model = new Model(this.verdicts)
    this.troubles = new Troubles(nowMs)
    this.#cluster = this.plan.setting === "cluster" ? new Cluster(this.clock, notices) : null
    this.#disk = this.plan.setting === "sqlite" ? sqliteDisk(this.clock) : memoryDisk(this.clock)
    this.witness = new Witness({
      model: this.model,
      verdicts: this.verdicts,
      trace: this.trace,
      cluster: this.#cluster,
      nowMs,
      calmSinceMs: () => this.troubles.everywhereSinceMs(),
      // Of the profile of this workspace.
      defaultOrdering: "strict",
    })
    this.#progress = new Progress(this.model, this.witness, this.verdicts, {
      everywhereSinceMs: () => this.troubles.everywhereSinceMs(),
      at: (webhookId) => this.#calmAtMs(webhookId),
      ownerOf: (webhookId) => this.#ownerOf(webhookId),
    })
    this.counts = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>
    this.nodes = Array.from({ length: this.plan.nodes }, (_, index) => ({
      number: index + 1,
      machine: { setByMs: 0, highestMs: 0 },
      life: null,
      lives: 0,
    }))
    this.#around = {
      clock: this.clock,
      random: lives,
      disk: this.#disk,
      cluster: this.#cluster,
      senderFor: (life) => this.#senderFor(life),
      storeMood: () => this.storeMood,
      latencyMs: () => this.#latencies.below(this.latencyMaxMs),
      sealing: this.sealing,
      limits: this.plan.limits,
      watcher: this,
    }
  }

  async run(): Promise<SimulationOutcome> {
    await this.#begin()
    const untilMs = this.clock.monotonic() + this.#options.hours * hourMs
    this.#actUntil(untilMs)
    this.#lookOn()
    await this.#pass(untilMs - this.clock.monotonic(), () => false)
    if (this.#goesOn()) await this.#mend()
    if (this.#goesOn()) await this.#end()
    return {
      seed: this.#options.seed,
      hours: this.#options.hours,
      setting: this.plan.setting,
      violation: this.verdicts.first,
      fingerprint: this.trace.digest(),
      steps: this.#steps,
      happenings: this.trace.count,
      checks: this.verdicts.checks,
      virtualMs: this.clock.monotonic(),
      counts: this.counts,
      last: this.trace.last(),
    }
  }

  #goesOn(): boolean {
    return this.verdicts.first === null && this.#options.signal?.aborted !== true
  }

  close(): void {
    this.#ending = true
    for (const { life } of this.nodes) life?.lifeline.cut()
    this.#disk.close()
  }

  // ---------------------------------------------------------------- time

  async #pass(ms: number, enough: () => boolean): Promise<void> {
    await this.clock.advance(ms, () => {
      this.#steps++
      return this.verdicts.first !== null || this.#options.signal?.aborted === true || enough()
    })
  }

  #actUntil(untilMs: number): void {
    const totalMs = untilMs - this.clock.monotonic()
    const next = () => {
      const delayMs = pauseMs(this)
      if (this.clock.monotonic() + delayMs >= untilMs) return
      this.clock.after(delayMs, () => {
        this.#options.onProgress?.(1 - (untilMs - this.clock.monotonic()) / totalMs)
        someAct(this.random)(this)
        next()
      })
    }
    next()
  }

  #lookOn(): void {
    this.clock.tick(lookEveryMs, () => {
      this.#progress.look(this.clock.monotonic())
      this.#lookOn()
    })
  }

  async #begin(): Promise<void> {
    for (const node of this.nodes) this.start(node)
    await this.#pass(60_000, () => this.reachable().length === this.nodes.length)
    const [life] = this.reachable()
    if (!life) return this.verdicts.broken("a node starts", "none did within a minute")
    const put = {
      id: this.workspaceId,
      name: "acme",
      profile: "policycortex",
      engineVersion: null,
      createdMs: this.clock.now(),
      version: 1,
    } as const
    let ready = false
    this.somebody(async () => {
      await life.engine.registry.change([{ kind: "workspace", put }], [])
      for (const webhook of this.plan.webhooks) await this.#create(life, webhook)
      ready = true
      this.#made = true
    })
    await this.#pass(60_000, () => ready)
  }

  /** Everything is mended, and there is time for all that is still owed. */
  async #mend(): Promise<void> {
    this.mended = true
    this.trace.note("everything is mended")
    this.storeMood = wellBehaved
    this.latencyMaxMs = quickMs
    for (const { life } of this.nodes) life?.lifeline.spare()
    for (const id of this.model.webhooks.keys()) {
      this.moods.set(id, willing)
      this.troubles.happenedAt(id)
    }
    // Whatever was under way when it ended is over by then, pauses and stops included.
    await this.#pass(120_000, () => false)
    for (const { id, record } of this.model.webhooks.values()) {
      const [life] = this.reachable()
      if (life && record.deletedMs === null && !isSending(record))
        this.somebody(() => this.edit(life, id, () => ({ active: true, disabled: null })))
    }
    await this.#pass(10_000, () => false)
    // Mostly nobody waits a night for the last retries; several nodes, which beat every second of it, never.
    if (this.random.chance(0.8) || this.#cluster !== null) {
      const [life] = this.reachable()
      for (const { waiting } of life ? this.model.webhooks.values() : [])
        for (const { id, webhookId, dueMs } of waiting.values())
          if (life && (dueMs ?? 0) > life.clock.now()) this.somebody(() => retry(this, life, id, webhookId))
    }
    const owesNothing = () =>
      this.model.waiting() === 0 && [...this.model.replays.values()].every(({ replay }) => replay.state !== "running")
    await this.#pass(patienceMs, owesNothing)
    if (!this.#goesOn() || owesNothing()) return
    const left = [...this.model.webhooks.values()].flatMap(({ waiting }) => [...waiting.values()])
    this.verdicts.broken(
      "what was acknowledged comes to a named end",
      `${left.length} deliveries still wait, among them ${left[0]?.id} for ${left[0]?.webhookId}`,
    )
  }

  async #end(): Promise<void> {
    await this.#pass(1_000, () => false)
    const lives = this.reachable()
    this.#ending = true
    let stopped = 0
    for (const life of lives)
      this.somebody(async () => {
        await life.engine.stop()
        stopped++
      })
    await this.#pass(60_000, () => stopped === lives.length)
    this.verdicts.hold(stopped === lives.length, "a node stops when nothing is in flight", () => `${stopped} did`)
    for (const flight of this.witness.unlogged(this.clock.monotonic()))
      this.verdicts.broken("the log has what receivers saw", `attempt ${flight.number} of ${flight.delivery.id}`)
    await compare(this.model, this.#disk, this.workspaceId, this.verdicts, true)
  }

  // ---------------------------------------------------------------- what is done to it

  reachable(): readonly UpLife[] {
    return this.nodes.flatMap(({ life }) => (life !== null && isUp(life) && this.#isKnownTo(life) ? [life] : []))
  }

  /** A node that was not there when the workspace was made has to hear of it first. */
  #isKnownTo(life: UpLife): boolean {
    return !this.#made || life.engine.registry.workspace(this.workspaceId) !== undefined
  }

  start(node: Node): void {
    this.trace.note(`node ${node.number} starts`)
    startLife(node, this.#around)
  }

  somebody(does: () => Promise<void>): void {
    does().catch((fault: unknown) => {
      if (fault instanceof StoreUnavailable) return
      this.verdicts.broken("a request fails for want of the storage only", String(fault))
    })
  }

  addWebhook(life: UpLife): Promise<void> {
    return this.#create(life, webhookPlan(this.#plans))
  }

  async #create(life: UpLife, planned: Partial<Webhook>): Promise<void> {
    const number = ++this.#webhooks
    const put = plainWebhook(life.clock.now(), {
      id: asId(`wh_${number}`),
      workspaceId: this.workspaceId,
      url: `https://receiver-${number}.example/hook`,
      secrets: { current: `a-shared-secret-${number}`, previous: null },
      ...planned,
    })
    await life.engine.registry.change([{ kind: "webhook", put }], [])
  }

  async edit(life: UpLife, id: WebhookId, change: (before: Webhook, nowMs: number) => Partial<Webhook>): Promise<void> {
    const { registry } = life.engine
    for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
      const before = registry.webhook(this.workspaceId, id)
      if (!before) return
      const nowMs = life.clock.now()
      const changed = { ...before, ...change(before, nowMs) }
      const resumes = !isSending(before) && isSending(changed)
      const put: Webhook = {
        ...changed,
        updatedMs: nowMs,
        resumedAtMs: resumes ? nowMs : before.resumedAtMs,
        version: before.version + 1,
      }
      if ((await registry.change([{ kind: "webhook", put }], [editOf(put, nowMs)])) === "done") {
        this.counts.edits++
        const known = registry.webhookOrTombstone(this.workspaceId, id)
        this.verdicts.hold(
          // A deletion may be seen before it is answered; of which version it was does not matter any more.
          (known?.version ?? 0) >= put.version || (put.deletedMs !== null && known?.deletedMs !== null),
          "a change holds once it is answered",
          () => `${id} is still at an older version than ${put.version}`,
        )
        return
      }
      await registry.reload()
    }
  }

  // ---------------------------------------------------------------- what it sees

  committed(life: Life, fact: Parameters<Witness["committed"]>[1]): void {
    this.witness.committed(life, fact)
    if (fact.verb === "settle" && fact.attempt !== null) this.counts.attempts++
    if (fact.verb !== "configure") return
    for (const change of fact.changes) if (change.kind === "webhook") this.troubles.happenedAt(change.put.id)
  }

  toldOfSettled(_life: Life, ...told: Parameters<Witness["toldOfSettled"]>): void {
    this.witness.toldOfSettled(...told)
  }

  excused(life: Life, deliveryId: string): void {
    this.witness.excuse(life, deliveryId)
  }

  faulted(life: Life, fault: unknown, what: string): void {
    // What a failing storage does to a work is reported too.
    if (fault instanceof StoreUnavailable) return
    this.verdicts.broken("the engine meets nothing that should not happen", `${life.name}, ${what}: ${String(fault)}`)
  }

  started(life: Life): void {
    this.trace.note(`${life.name} is up`)
    this.troubles.happened()
  }

  died(life: Life): void {
    this.witness.died(life)
    this.troubles.happened()
    if (this.#ending) return
    this.trace.note(`${life.name} is dead`)
    this.counts.crashes++
    void compare(this.model, this.#disk, this.workspaceId, this.verdicts, false)
    // Others take over meanwhile, or nobody does.
    const delayMs = this.random.chance(0.5) ? 1 + this.random.below(50) : 1 + this.random.below(30_000)
    this.clock.after(delayMs, () => this.start(life.node))
  }

  #senderFor(life: Life): Sender {
    return {
      refusal: async () => null,
      close: async () => {},
      send: async (request) => {
        if (!life.lifeline.asks()) return new Promise(() => {})
        const flight = this.witness.arrived(life, request, arrival(request, life.clock.now()))
        const mood = flight === null ? willing : (this.moods.get(flight.delivery.webhookId) ?? willing)
        const { reply, asked } = answerTo(mood, this.#receivers, request.timeoutMs, life.clock.now(), request)
        if (flight !== null) flight.asked = asked
        return new Promise((resolve) =>
          this.clock.after(reply.afterMs ?? 1, () =>
            life.lifeline.hear(() => {
              const result = resultOf(reply)
              if (flight !== null) this.witness.answered(flight, result)
              resolve(result)
            }),
          ),
        )
      },
    }
  }

  /** What began while its receiver was in another mood may still hold a place. */
  #calmAtMs(webhookId: WebhookId): number {
    const sinceMs = this.troubles.at(webhookId)
    if ((this.moods.get(webhookId) ?? willing) !== willing) return Number.POSITIVE_INFINITY
    for (const flight of this.witness.inFlight(webhookId))
      if (flight.startedAtMs <= sinceMs) {
        this.troubles.happenedAt(webhookId)
        return Number.POSITIVE_INFINITY
      }
    return sinceMs
  }

  #ownerOf(webhookId: WebhookId): Life | null {
    for (const { life } of this.nodes)
      if (life?.up && life.lifeline.running && (life.member === null || life.member.owns(webhookId))) return life
    return null
  }
}

function isUp(life: Life): life is UpLife {
  return life.up && life.engine !== null && life.lifeline.running
}

function resultOf(reply: Reply): Awaited<ReturnType<Sender["send"]>> {
  const durationMs = reply.afterMs ?? 1
  if ("fails" in reply) return { durationMs, response: null, failure: { code: reply.fails, message: reply.fails } }
  const { status, headers = {}, body = "", alsoFails: code } = reply
  const failure = code === undefined ? null : { code, message: code }
  return { durationMs, response: { status, headers: Object.entries(headers), body }, failure }
}

function editOf(webhook: Webhook, atMs: number): AuditEntry {
  return {
    id: asId(`aud_${webhook.id}_${webhook.version}_${atMs}`),
    workspaceId: webhook.workspaceId,
    atMs,
    actor: { kind: "admin" },
    address: null,
    action: "webhook.updated",
    subject: webhook.id,
    before: null,
    after: null,
  }
}
