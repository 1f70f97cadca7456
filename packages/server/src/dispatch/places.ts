import type { WorkspaceId } from "../domain/ids.ts"
import { Counts } from "./counts.ts"

/** "kept": there are some, for other workspaces. */
export type Admission = "free" | "kept" | "full"

/** The last quarter is for workspaces that hold less than an eighth: none can take all, and one alone gets most. */
const openShare = 3 / 4
const ownShare = 1 / 8

/** A bounded number of places, of which no workspace can take all from the others. */
export class Places {
  readonly #max: number
  readonly #held = new Counts<WorkspaceId>()
  #taken = 0

  constructor(max: number) {
    this.#max = max
  }

  get taken(): number {
    return this.#taken
  }

  admission(workspaceId: WorkspaceId): Admission {
    if (this.#taken >= this.#max) return "full"
    if (this.#taken < this.#max * openShare) return "free"
    return this.#held.of(workspaceId) < this.#max * ownShare ? "free" : "kept"
  }

  enter(workspaceId: WorkspaceId): void {
    this.#taken++
    this.#held.more(workspaceId)
  }

  leave(workspaceId: WorkspaceId): void {
    this.#taken--
    this.#held.less(workspaceId)
  }
}
