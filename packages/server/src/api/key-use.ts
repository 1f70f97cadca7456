import type { WorkspaceId } from "../domain/ids.ts"
import type { ApiKey } from "../domain/workspace.ts"
import type { Clock } from "../ports/clock.ts"
import type { Store } from "../ports/store.ts"

const flushEveryMs = 60_000

type Use = { readonly workspaceId: WorkspaceId; readonly id: string; readonly atMs: number }

/** When keys were last used: noted in memory with each request, written once a minute. */
export class KeyUse {
  readonly #store: Pick<Store, "touchKeys">
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  readonly #pending = new Map<string, Use>()
  #cancel: (() => void) | null = null

  constructor(store: Pick<Store, "touchKeys">, clock: Clock, onFailure: (error: unknown) => void) {
    this.#store = store
    this.#clock = clock
    this.#onFailure = onFailure
  }

  note(key: ApiKey, atMs: number): void {
    // Another object each time: by it `flush` tells a use during the write from the one that was written.
    this.#pending.set(key.id, { workspaceId: key.workspaceId, id: key.id, atMs })
  }

  /** Not yet written; null when there is nothing newer than the store has. */
  lastUsedMs(id: string): number | null {
    return this.#pending.get(id)?.atMs ?? null
  }

  start(): void {
    this.#cancel = this.#clock.after(flushEveryMs, () => void this.flush().finally(() => this.#cancel && this.start()))
  }

  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
    await this.flush()
  }

  /** Never rejects: a missed note is worth no failed request, and the next use brings it again. */
  async flush(): Promise<void> {
    const used = [...this.#pending.values()]
    if (used.length === 0) return
    try {
      await this.#store.touchKeys(used)
      for (const each of used) {
        if (this.#pending.get(each.id) === each) this.#pending.delete(each.id)
      }
    } catch (error) {
      this.#onFailure(error)
    }
  }
}
