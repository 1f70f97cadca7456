import type { WebhookId, WorkspaceId } from "../../src/domain/ids.ts"
import type { Webhook } from "../../src/domain/webhook.ts"
import type { Engine } from "../../src/engine.ts"
import type { VirtualClock } from "../../src/system/virtual-clock.ts"
import type { Model } from "./checks/model.ts"
import type { Verdicts } from "./checks/verdicts.ts"
import type { Witness } from "./checks/witness.ts"
import type { StoreMood } from "./disks/moody-store.ts"
import type { Plan } from "./plan.ts"
import type { Life, Node } from "./process/engine-process.ts"
import type { ReceiverMood } from "./receivers.ts"
import type { RingSealing } from "./ring-sealing.ts"
import type { SeededRandom } from "./seeded-random.ts"
import type { Trace } from "./trace.ts"
import type { Troubles } from "./troubles.ts"

/** A life whose engine can be asked. */
export type UpLife = Life & { readonly engine: Engine }

/** What may be done to the simulated world, and what it is made of. */
export type Stage = {
  readonly plan: Plan
  readonly clock: VirtualClock
  /** Draws what is done; each other source of chance has its own. */
  readonly random: SeededRandom
  readonly nodes: readonly Node[]
  readonly workspaceId: WorkspaceId
  readonly model: Model
  readonly witness: Witness
  readonly verdicts: Verdicts
  readonly troubles: Troubles
  readonly trace: Trace
  readonly sealing: RingSealing
  readonly moods: Map<WebhookId, ReceiverMood>
  storeMood: StoreMood
  /** Of each way between a process and its storage. */
  latencyMaxMs: number
  /** Everything has been mended: nothing goes wrong any more. */
  mended: boolean
  readonly counts: Record<Counted, number>

  /** Processes that a person or a publisher can reach now. */
  reachable(): readonly UpLife[]
  start(node: Node): void
  /** Somebody outside does something that takes time; what is refused for want of the storage is no fault. */
  somebody(does: () => Promise<void>): void
  addWebhook(life: UpLife): Promise<void>
  edit(life: UpLife, id: WebhookId, change: (before: Webhook, nowMs: number) => Partial<Webhook>): Promise<void>
}

export const counted = [
  "events",
  "deliveries",
  "attempts",
  "crashes",
  "pauses",
  "jumps",
  "storeTroubles",
  "edits",
  "replays",
  "retries",
] as const
export type Counted = (typeof counted)[number]
