import type { Store } from "../../ports/store.ts"

export type WrittenBehind = {
  readonly store: Store
  /** Writes not on disk yet. */
  waiting(): number
  /** Resolves once everything so far is on disk. @throws Error when some of it could not be written. */
  written(): Promise<void>
}

/**
 * A store that answers from memory, at once, while the same writes follow to a database, in the same order and many in
 * a commit. A day can be played on it in seconds; a crash would lose what is still on its way, so a server never runs so.
 */
export function writtenBehind(memory: Store, disk: Store): WrittenBehind {
  const underWay = new Set<Promise<unknown>>()
  const faults: unknown[] = []
  const behind = (write: Promise<unknown>) => {
    const ended = write.catch((fault: unknown) => faults.push(fault)).finally(() => underWay.delete(ended))
    underWay.add(ended)
  }
  // Memory alone decides what the caller hears: both decide alike, as the contract of stores has it.
  const both =
    <Given extends readonly unknown[], Result>(
      verb: (...given: Given) => Promise<Result>,
      again: (...given: Given) => Promise<Result>,
    ) =>
    (...given: Given): Promise<Result> => {
      const answer = verb(...given)
      behind(again(...given))
      return answer
    }
  const written = async () => {
    while (underWay.size > 0) await Promise.all(underWay)
    if (faults.length > 0) throw new Error("what happened could not be written to the database", { cause: faults[0] })
  }
  return {
    waiting: () => underWay.size,
    written,
    store: {
      ...memory,
      accept: both(memory.accept, disk.accept),
      settle: both(memory.settle, disk.settle),
      reopen: both(memory.reopen, disk.reopen),
      cancelWaiting: both(memory.cancelWaiting, disk.cancelWaiting),
      configure: both(memory.configure, disk.configure),
      touchKeys: both(memory.touchKeys, disk.touchKeys),
      note: both(memory.note, disk.note),
      putReplay: both(memory.putReplay, disk.putReplay),
      cancelReplay: both(memory.cancelReplay, disk.cancelReplay),
      enqueue: both(memory.enqueue, disk.enqueue),
      async close() {
        await written()
        await Promise.all([memory.close(), disk.close()])
      },
    },
  }
}
