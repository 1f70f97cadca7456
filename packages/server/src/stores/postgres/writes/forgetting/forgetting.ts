import type { Past } from "../../../../ports/store.ts"
import { jobLock, lockClass } from "../../migrate.ts"
import type { SessionPool } from "../../session.ts"
import { deletedWorkspaces } from "./deleted-workspaces.ts"
import { pastDays } from "./past-days.ts"
import { pastKeys } from "./past-keys.ts"
import { pastReplays } from "./past-replays.ts"
import { pastWebhooks } from "./past-webhooks.ts"
import type { Part, Step } from "./step.ts"

/**
 * Retention; see `Store.forget`. A round goes through the parts one after the other, in as many steps as it takes: each
 * is a transaction that touches no more than about `limit` rows, or drops a day. One node at a time.
 */
export class Forgetting {
  readonly #sessions: SessionPool
  readonly #wholeDays: boolean
  #parts: readonly Part[] = []
  #at = 0

  constructor(sessions: SessionPool, wholeDays: boolean) {
    this.#sessions = sessions
    this.#wholeDays = wholeDays
    this.#fromTheStart()
  }

  /** @returns whether there is more to remove. */
  async step(past: Past, limit: number): Promise<boolean> {
    try {
      return await this.#sessions.transaction(async (run) => {
        const [lock] = await run(`SELECT pg_try_advisory_xact_lock(${lockClass.jobs}, ${jobLock.forget}) AS got`)
        // Another node is at it.
        if (lock?.got !== true) return false
        return this.#goOn({ run, ...past, limit, left: limit })
      })
    } catch (error) {
      // What the parts remember may not have been committed.
      this.#fromTheStart()
      throw error
    }
  }

  async #goOn(step: Step): Promise<boolean> {
    for (let part = this.#parts[this.#at]; part !== undefined; part = this.#parts[this.#at]) {
      if (step.left <= 0 || !(await part(step))) return true
      this.#at += 1
    }
    this.#at = 0
    return false
  }

  #fromTheStart(): void {
    const whole = this.#wholeDays
    this.#parts = [deletedWorkspaces, pastDays(whole), pastKeys(whole), pastWebhooks(), pastReplays]
    this.#at = 0
  }
}
