import { StoreRefused } from "../ports/store.ts"

/** What became of one operation of a batch: its neighbours' fates are their own. */
export type Outcome<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly error: Error }

export type GroupCommitOptions<Operation, Result> = {
  /**
   * Makes a batch durable in one commit. Resolves to one outcome for each operation, in order; rejects when the
   * commit as a whole failed, and then every operation of the batch gets that error.
   */
  readonly commit: (batch: readonly Operation[]) => Promise<readonly Outcome<Result>[]>
  /** What may wait for a commit, the one under way included; more is refused. */
  readonly queue: { readonly operationsMax: number; readonly bytesMax: number }
  /** What one commit may hold, so that it stays short. A single larger operation still goes, alone. */
  readonly batch: { readonly operationsMax: number; readonly bytesMax: number }
  /**
   * Commits under way at once; 1 unless given. With 2 the disk works on one batch while the callers of the other hear
   * of it and send more; with 1 both wait for each other when all callers are in the same batch. More than 1 only
   * where commits take effect in the order in which they were begun.
   */
  readonly inFlightMax?: number
  /** Runs the call a little later, so that whatever one turn of the event loop brings shares the first commit. */
  readonly soon?: (call: () => void) => void
  /** Told of each commit when it is over. */
  readonly onCommit?: (operations: number, durationMs: number) => void
}

/** Fewer operations than this are not spread over two commits: the second sync would cost more than it saves. */
const shareMin = 64

type Entry<Operation, Result> = {
  readonly operation: Operation
  readonly sizeBytes: number
  readonly resolve: (value: Result) => void
  readonly reject: (error: Error) => void
}

/**
 * Group commit: while one commit runs, the next batch gathers. An fsync costs the same for one row as for a thousand,
 * so under load the batches grow by themselves, and with no load nothing waits.
 *
 * Operations take effect in the order in which they were submitted.
 */
export class GroupCommit<Operation, Result> {
  readonly #options: GroupCommitOptions<Operation, Result>
  readonly #soon: (call: () => void) => void
  #queue: Entry<Operation, Result>[] = []
  #taken = 0
  #operations = 0
  #bytes = 0
  #inFlight = 0
  #scheduled = false
  #closed = false
  readonly #idle: (() => void)[] = []

  constructor(options: GroupCommitOptions<Operation, Result>) {
    this.#options = options
    this.#soon = options.soon ?? setImmediate
  }

  /**
   * @param sizeBytes about what the operation holds in memory, for the bounds.
   * @param bound `refusable` operations are refused while the queue is full; `always` is for work that was accepted
   *   before (a settlement): refusing that would only do it again.
   * @throws StoreRefused when the queue is full or the store closed
   */
  submit(operation: Operation, sizeBytes: number, bound: "refusable" | "always"): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreRefused("The store is closed."))
    if (bound === "refusable" && this.#isFull(sizeBytes))
      return Promise.reject(new StoreRefused("The store's queue is full. Send again more slowly."))
    return new Promise((resolve, reject) => {
      this.#queue.push({ operation, sizeBytes, resolve, reject })
      this.#operations += 1
      this.#bytes += sizeBytes
      if (this.#free() > 0 && !this.#scheduled) {
        this.#scheduled = true
        this.#soon(() => {
          this.#scheduled = false
          this.#commitWaiting()
        })
      }
    })
  }

  /** Refuses what comes from now on; resolves once all that was submitted has been committed or has failed. */
  close(): Promise<void> {
    this.#closed = true
    if (this.#operations === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #isFull(sizeBytes: number): boolean {
    const { operationsMax, bytesMax } = this.#options.queue
    if (this.#operations >= operationsMax) return true
    // Whatever its size, an operation is taken by an empty queue: else it could never be.
    return this.#operations > 0 && this.#bytes + sizeBytes > bytesMax
  }

  #free(): number {
    return (this.#options.inFlightMax ?? 1) - this.#inFlight
  }

  #commitWaiting(): void {
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) this.#commit(batch)
  }

  async #commit(batch: readonly Entry<Operation, Result>[]): Promise<void> {
    this.#inFlight += 1
    const { onCommit } = this.#options
    const startedMs = onCommit === undefined ? 0 : performance.now()
    let outcomes: readonly Outcome<Result>[] | null = null
    let failure = new Error("The commit returned another number of outcomes than it was given operations.")
    try {
      outcomes = await this.#options.commit(batch.map((entry) => entry.operation))
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
    this.#inFlight -= 1
    for (const entry of batch) {
      this.#operations -= 1
      this.#bytes -= entry.sizeBytes
    }
    onCommit?.(batch.length, performance.now() - startedMs)
    // The next commit starts before the callers hear of this one: the disk works while they do.
    this.#commitWaiting()
    for (const [index, entry] of batch.entries()) {
      const outcome = outcomes?.length === batch.length ? outcomes[index] : undefined
      if (outcome === undefined) entry.reject(failure)
      else if (outcome.ok) entry.resolve(outcome.value)
      else entry.reject(outcome.error)
    }
    if (this.#operations === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** The next batch; empty when nothing waits, or nothing more may be under way. */
  #take(): readonly Entry<Operation, Result>[] {
    const free = this.#free()
    if (free <= 0) return []
    const { bytesMax } = this.#options.batch
    const first = this.#taken
    const share = Math.max(shareMin, Math.ceil((this.#queue.length - first) / free))
    const operationsMax = Math.min(this.#options.batch.operationsMax, share)
    let bytes = 0
    let end = first
    for (let entry = this.#queue[end]; entry !== undefined; entry = this.#queue[++end]) {
      bytes += entry.sizeBytes
      if (end > first && (end - first >= operationsMax || bytes > bytesMax)) break
    }
    const batch = this.#queue.slice(first, end)
    this.#taken = end
    // Taking from the front of a long array would copy it each time: it is cut only when half of it is spent.
    if (this.#taken * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#taken)
      this.#taken = 0
    }
    return batch
  }
}
