import { type Acceptance, StoreUnavailable } from "../../../ports/store.ts"
import { GroupCommit } from "../../group-commit.ts"
import { described, isMissingPartition, isRivalry } from "../failure.ts"
import type { Partitions } from "../partitions.ts"
import type { Session } from "../session.ts"
import { acceptanceBytes } from "../sizes.ts"
import { type AcceptOutcome, acceptBatch, daysOf } from "./accept.ts"
import { eachAlone } from "./each-alone.ts"

/** Some 20 ms of writing. */
const batchMax = { operationsMax: 500, bytesMax: 4 * 1024 * 1024 }
const triesMax = 3

/** Group commit of acceptances, on a session of their own. Any node accepts. */
export class Accepting {
  readonly #open: () => Session
  readonly #partitions: Partitions
  readonly #group: GroupCommit<Acceptance, AcceptOutcome>
  #session: Session | null = null
  /** Deliveries whose acceptance is under way, so that what comes after it can wait for it. */
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(
    open: () => Session,
    partitions: Partitions,
    queue: { readonly operationsMax: number; readonly bytesMax: number },
    onCommit: (operations: number, durationMs: number) => void,
  ) {
    this.#open = open
    this.#partitions = partitions
    this.#group = new GroupCommit({ commit: (batch) => this.#commit(batch), queue, batch: batchMax, onCommit })
  }

  accept(acceptance: Acceptance): Promise<AcceptOutcome> {
    const result = this.#group.submit(acceptance, acceptanceBytes(acceptance), "refusable")
    const over = result.then(
      () => this.#forget(acceptance),
      () => this.#forget(acceptance),
    )
    for (const { deliveries } of acceptance.events) for (const { id } of deliveries) this.#underWay.set(id, over)
    return result
  }

  /** When the acceptance of a delivery is under way: resolves when it is through. */
  underWay(deliveryId: string): Promise<void> | undefined {
    return this.#underWay.get(deliveryId)
  }

  async close(): Promise<void> {
    await this.#group.close()
    await this.#session?.close()
  }

  #forget(acceptance: Acceptance): void {
    for (const { deliveries } of acceptance.events) for (const { id } of deliveries) this.#underWay.delete(id)
  }

  #commit(batch: readonly Acceptance[]) {
    return eachAlone(
      batch,
      (part) => this.#try(part),
      (error) => error instanceof StoreUnavailable,
    )
  }

  async #try(batch: readonly Acceptance[]): Promise<readonly AcceptOutcome[]> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#partitions.ensure(daysOf(batch))
        return await acceptBatch(this.#renewed(), batch)
      } catch (error) {
        const again = isRivalry(error) || isMissingPartition(error)
        if (!again || tries >= triesMax) throw described(error)
        if (isMissingPartition(error)) this.#partitions.forget()
      }
    }
  }

  #renewed(): Session {
    if (this.#session === null || this.#session.lost) {
      void this.#session?.close()
      this.#session = this.#open()
    }
    return this.#session
  }
}
