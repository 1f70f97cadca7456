import type { DispatchLimits } from "../../../src/dispatch/dispatcher.ts"
import type { WaitingDelivery } from "../../../src/domain/delivery.ts"
import { assembleEngine, type Engine } from "../../../src/engine.ts"
import { noMetrics } from "../../../src/ports/metrics.ts"
import type { Sender } from "../../../src/ports/sender.ts"
import { type Settlement, type Store, StoreUnavailable } from "../../../src/ports/store.ts"
import { Posting } from "../../../src/posting/posting.ts"
import type { Sealing } from "../../../src/registry/webhook-record.ts"
import type { VirtualClock } from "../../../src/system/virtual-clock.ts"
import type { Cluster, Member } from "../cluster.ts"
import type { Disk, Opener } from "../disks/disk.ts"
import type { Fact } from "../disks/fact.ts"
import { brokenSettle, moodyStore, type StoreMood } from "../disks/moody-store.ts"
import { SeededRandom } from "../seeded-random.ts"
import { Lifeline } from "./lifeline.ts"
import { type Machine, MachineClock } from "./machine-clock.ts"

/** One life of a node: from a start of its process to its end. */
export type Life = {
  /** `node 2, life 3`, for the trace. */
  readonly name: string
  readonly node: Node
  readonly lifeline: Lifeline
  readonly clock: MachineClock
  readonly member: Member | null
  readonly opener: Opener
  /** As the engine has it, with all that may go wrong. */
  readonly store: Store
  /** Null until it is assembled. */
  engine: Engine | null
  /** From the end of `start` on. */
  up: boolean
  /** The storage has kept something of this life's and its answer was lost: it may be asked again. */
  answersLost: boolean
}

/** A machine and what its process is made of; lives come and go on it. */
export type Node = {
  readonly number: number
  readonly machine: Machine
  life: Life | null
  lives: number
}

/** Told of all that crosses between a process and the outside. */
export type Watcher = {
  committed(life: Life, fact: Fact): void
  toldOfSettled(life: Life, delivery: WaitingDelivery, settlement: Settlement): void
  /** A settlement was refused, or made to break: nothing of it was kept, and nothing of it need be. */
  excused(life: Life, deliveryId: string): void
  faulted(life: Life, fault: unknown, what: string): void
  started(life: Life): void
  died(life: Life): void
}

export type Surroundings = {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  readonly disk: Disk
  readonly cluster: Cluster | null
  readonly senderFor: (life: Life) => Sender
  readonly storeMood: () => StoreMood
  readonly latencyMs: () => number
  readonly sealing: Sealing
  readonly limits: DispatchLimits
  readonly watcher: Watcher
}

/** Starts a node's process. What it does from then on happens as time goes on. */
export function startLife(node: Node, around: Surroundings): Life {
  const { clock, disk, cluster, watcher } = around
  const number = ++node.lives
  const random = new SeededRandom(around.random.below(2 ** 32))
  const lifeline: Lifeline = new Lifeline(clock, () => end(life, around))
  const machineClock = new MachineClock(clock, node.machine, lifeline)
  const member = cluster?.join(lifeline) ?? null
  const opener: Opener = {
    lifeline,
    latency: () => ({ thereMs: around.latencyMs(), backMs: around.latencyMs() }),
    soon: (call) => void machineClock.after(0, call),
    onFact(fact) {
      watcher.committed(life, fact)
      if (member !== null) cluster?.told(member, fact)
    },
    onRefused: (deliveryId) => watcher.excused(life, deliveryId),
    maySettle: (webhookId) => member === null || member.maySettle(webhookId as Parameters<Member["maySettle"]>[0]),
  }
  const store = moodyStore(
    disk.open(opener),
    around.storeMood,
    random,
    () => {
      life.answersLost = true
    },
    (deliveryId) => watcher.excused(life, deliveryId),
  )
  const life: Life = {
    store,
    name: `node ${node.number}, life ${number}`,
    node,
    lifeline,
    clock: machineClock,
    member,
    opener,
    engine: null,
    up: false,
    answersLost: false,
  }
  node.life = life
  void boot(life, random, around)
  return life
}

async function boot(life: Life, random: SeededRandom, around: Surroundings): Promise<void> {
  const { watcher } = around
  const { clock, member, store, lifeline } = life
  try {
    life.engine = await assembleEngine({
      store,
      poster: new Posting(around.senderFor(life), clock),
      clock,
      random,
      metrics: noMetrics,
      sealing: around.sealing,
      retentionMs: 30 * 86_400_000,
      onSettled: (delivery, settlement) => watcher.toldOfSettled(life, delivery, settlement),
      onFault(fault, what) {
        // It is away because the story has it so.
        if (fault instanceof StoreUnavailable) return
        if (fault instanceof Error && fault.message === brokenSettle) return
        watcher.faulted(life, fault, what)
      },
      limits: around.limits,
      ...(member && { cluster: { ownership: member, signals: member } }),
    })
    await life.engine.start()
    life.up = true
    watcher.started(life)
  } catch (fault) {
    // As the program does: whoever watches over it starts it again.
    if (fault instanceof StoreUnavailable) lifeline.cut()
    else watcher.faulted(life, fault, "starting")
  }
}

function end(life: Life, { disk, cluster, random, watcher }: Surroundings): void {
  life.up = false
  if (life.node.life === life) life.node.life = null
  disk.crashed(life.opener, random)
  if (life.member !== null) cluster?.left(life.member)
  watcher.died(life)
}
