import type { Store } from "../../../src/ports/store.ts"
import type { Latency } from "../process/channel.ts"
import type { Lifeline } from "../process/lifeline.ts"
import type { Fact } from "./fact.ts"

/** A process that opens the disk. */
export type Opener = {
  readonly lifeline: Lifeline
  readonly latency: Latency
  /** What a storage that gathers is to wait with until others have had their turn. */
  readonly soon: (call: () => void) => void
  /** Told of whatever has become durable at this process's call. */
  readonly onFact: (fact: Fact) => void
  /** Told of a delivery whose settlement was refused: another process owns its webhook by now. */
  readonly onRefused: (deliveryId: string) => void
  /** Whether this process may settle for a webhook now; asked at the moment of the write. */
  readonly maySettle: (webhookId: string) => boolean
}

/** What outlives a process: its storage. */
export interface Disk {
  /** Opens it for a process, as that one sees it through its lifeline. */
  open(opener: Opener): Store
  /** That process has died: what it had asked for may or may not have happened. */
  crashed(opener: Opener, random: { below(limit: number): number }): void
  /** The storage as it is, without any process between: for those who check. */
  readonly direct: Pick<Store, "deliveries" | "attempts">
  close(): void
}
