import { expect } from "vitest"
import type { Receipt, Submission } from "../../src/accept/intake.ts"
import type { DispatchLimits } from "../../src/dispatch/dispatcher.ts"
import { asId, type WebhookId, type WorkspaceId } from "../../src/domain/ids.ts"
import type { TraceContext } from "../../src/domain/trace-context.ts"
import type { Webhook } from "../../src/domain/webhook.ts"
import type { ProfileName } from "../../src/domain/workspace.ts"
import { assembleEngine, type Engine, type EngineParts } from "../../src/engine.ts"
import { noMetrics } from "../../src/ports/metrics.ts"
import type { Sender } from "../../src/ports/sender.ts"
import type { DeliveryRecord, Store } from "../../src/ports/store.ts"
import { Posting } from "../../src/posting/posting.ts"
import { openMemoryStore } from "../../src/stores/memory/open-memory-store.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { plainWebhook } from "../plain-webhook.ts"
import { Lifeline } from "./process/lifeline.ts"
import { MachineClock } from "./process/machine-clock.ts"
import { scanSample } from "./samples.ts"
import { ScriptedSender } from "./scripted-sender.ts"
import { SeededRandom } from "./seeded-random.ts"

const plain = { seal: (clear: string) => clear, open: (sealed: string) => sealed }

export type WorldOptions = {
  readonly profile?: ProfileName
  readonly seed?: number
  readonly limits?: DispatchLimits
  /** Whose side of the agreement between nodes a story plays; without it there is one node. */
  readonly cluster?: NonNullable<EngineParts["cluster"]>
  /** Stands between engine and store, to inject faults. */
  readonly wrapStore?: (store: Store, clock: VirtualClock) => Store
}

/** The real engine over the memory store, in virtual time, with scripted receivers: what a story test plays in. */
export class World {
  readonly clock = new VirtualClock()
  readonly random: SeededRandom
  readonly sender: ScriptedSender
  readonly store: Store
  readonly workspaceId: WorkspaceId = asId("ws_1")
  #engine: Engine | null = null
  readonly faults: unknown[] = []
  readonly #limits: DispatchLimits | undefined
  readonly #cluster: EngineParts["cluster"]
  #webhooks = 0
  #lifeline = new Lifeline(this.clock)

  private constructor(options: WorldOptions) {
    this.random = new SeededRandom(options.seed ?? 1)
    this.sender = new ScriptedSender(this.clock)
    const store = openMemoryStore()
    this.store = options.wrapStore?.(store, this.clock) ?? store
    this.#limits = options.limits
    this.#cluster = options.cluster
  }

  get engine(): Engine {
    if (!this.#engine) throw new Error("the world is not open yet")
    return this.#engine
  }

  static async open(options: WorldOptions = {}): Promise<World> {
    const world = new World(options)
    world.#engine = await world.#assemble()
    await world.engine.start()
    await world.workspace(world.workspaceId, options.profile)
    return world
  }

  async workspace(id: WorkspaceId, profile: ProfileName = "policycortex"): Promise<void> {
    const put = { id, name: "acme", profile, engineVersion: null, createdMs: this.clock.now(), version: 1 }
    expect(await this.engine.registry.change([{ kind: "workspace", put }], [])).toBe("done")
  }

  /** The process dies: what was in memory is gone, what was in flight may or may not have arrived. */
  async crashAndRestart(): Promise<void> {
    this.#lifeline.cut()
    this.#engine = await this.#assemble()
    await this.engine.start()
  }

  async webhook(settings: Partial<Webhook> = {}): Promise<Webhook> {
    const number = ++this.#webhooks
    const put = plainWebhook(this.clock.now(), {
      id: asId(`wh_${number}`),
      workspaceId: this.workspaceId,
      url: `https://receiver-${number}.example/hook`,
      ...settings,
    })
    expect(await this.engine.registry.change([{ kind: "webhook", put }], [])).toBe("done")
    return put
  }

  /** Changes a webhook as the API would. */
  async edit(id: WebhookId, change: Partial<Webhook>): Promise<void> {
    const now = this.engine.registry.webhook(this.workspaceId, id)
    if (!now) throw new Error(`no webhook ${id}`)
    const put = { ...now, ...change, updatedMs: this.clock.now(), version: now.version + 1 }
    expect(await this.engine.registry.change([{ kind: "webhook", put }], [])).toBe("done")
  }

  async publish(
    submission: Partial<Submission> = {},
    trace: TraceContext | null = null,
    workspaceId = this.workspaceId,
  ): Promise<Receipt> {
    const data = submission.data ?? { scan: scanSample }
    const whole = {
      type: "scan.completed",
      data,
      dataText: JSON.stringify(data),
      idempotencyKey: null,
      createdMs: null,
      orderingKey: null,
      attributes: null,
      metadataText: null,
      ...submission,
    }
    const outcome = await this.engine.intake.accept(workspaceId, [whole], trace)
    if (!outcome.accepted) throw new Error(JSON.stringify(outcome.refusals))
    const receipt = outcome.receipts[0]
    if (!receipt) throw new Error("no receipt")
    return receipt
  }

  async deliveries(webhookId?: WebhookId): Promise<readonly DeliveryRecord[]> {
    const filter = webhookId === undefined ? {} : { webhookId }
    const newestFirst = await this.store.deliveries(this.workspaceId, filter, { limit: 100_000, before: null })
    return [...newestFirst].reverse()
  }

  #assemble(): Promise<Engine> {
    this.#lifeline = new Lifeline(this.clock)
    const clock = new MachineClock(this.clock, { setByMs: 0, highestMs: 0 }, this.#lifeline)
    return assembleEngine({
      store: this.#lifeline.through(this.store),
      poster: new Posting(this.#lifeline.through<Sender>(this.sender), clock),
      clock,
      random: this.random,
      metrics: noMetrics,
      sealing: plain,
      retentionMs: 30 * 86_400_000,
      onFault: (fault) => this.faults.push(fault),
      ...(this.#limits && { limits: this.#limits }),
      ...(this.#cluster && { cluster: this.#cluster }),
    })
  }
}
