import { StoreUnavailable } from "../../../ports/store.ts"
import type { OperationOnTape } from "../writes/tape.ts"

/** The others write at once what they count. */
function leavesToWrite({ verb }: Pick<OperationOnTape, "verb">): boolean {
  return verb === "accept" || verb === "settle" || verb === "together"
}

/**
 * Whether the books' tables lag behind the commits, on the side of those who read them: a read first has them written,
 * and so sees all that was answered before it. Unless something was accepted or settled meanwhile it costs nothing.
 */
export class BooksLag {
  #commits = 0
  /** The last commit that left something to be written; the opening, which may have found what was left before. */
  #keptBy = 0
  /** The last one that wrote the tables. */
  #writtenBy = -1
  #writing: Promise<unknown> | null = null
  readonly #write

  /** @param write commits, and has the tables written with it. */
  constructor(write: () => Promise<unknown>) {
    this.#write = write
  }

  /** A commit is sent; they take effect in this order. @returns to be called once it is through. */
  sent(operations: readonly Pick<OperationOnTape, "verb">[]): () => void {
    const commit = ++this.#commits
    return () => {
      if (operations.some(({ verb }) => verb === "writeBooks")) this.#writtenBy = Math.max(this.#writtenBy, commit)
      else if (operations.some(leavesToWrite)) this.#keptBy = Math.max(this.#keptBy, commit)
    }
  }

  /**
   * Resolves when the tables hold all that was answered before the call.
   * @throws StoreUnavailable when they cannot be written now: what they hold may be old.
   */
  async caughtUp(): Promise<void> {
    if (this.#writtenBy >= this.#keptBy) return
    // One that is under way will do: it is answered after whatever was answered before, so it takes effect after that.
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
    await this.#writing
  }

  /** The same for those to whom on a full disk what was written last is better than nothing. */
  async caughtUpIfPossible(): Promise<void> {
    try {
      await this.caughtUp()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
}
