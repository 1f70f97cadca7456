import type { Outcome } from "../../packages/server/src/stores/group-commit.ts"

export type BareEvent = {
  readonly id: string
  readonly deliveryId: string
  /** Where it goes: the one webhook that its filter names. */
  readonly webhook: string
  readonly body: string
}

/** Both resolve once it is durable; what comes in the same few milliseconds shares a commit. */
export type BareStore = {
  accept(events: readonly BareEvent[]): Promise<void>
  /** Records the attempt and ends the delivery. @param detail what was sent and answered, as JSON. */
  settle(deliveryId: string, detail: string): Promise<void>
}

/** What group commit is told of a batch that was committed whole. */
export function allDurable(batch: readonly unknown[]): readonly Outcome<void>[] {
  return batch.map(() => ({ ok: true, value: undefined }))
}

/** As much as Tocsin's own stores let wait and put into one commit: never reached here. */
export const bounds = {
  queue: { operationsMax: 100_000, bytesMax: 256 * 1024 * 1024 },
  batch: { operationsMax: 1_000, bytesMax: 4 * 1024 * 1024 },
} as const
