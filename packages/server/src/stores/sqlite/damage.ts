import type { DatabaseUse } from "../../ports/metrics.ts"
import { StoreDamaged } from "./failure.ts"
import type { Place } from "./store-over-threads.ts"
import type { Verbs } from "./threads/serve.ts"

/** Called once for each, when the first damage to it is found. */
export type DamageListener = (damagedFor: DatabaseUse, reason: string) => void

/** Notices damage wherever it shows: what it keeps from being sent would otherwise wait without a word. */
export class Damage {
  readonly #listener: DamageListener
  readonly #found = new Map<DatabaseUse, string>()

  constructor(listener: DamageListener = () => undefined) {
    this.#listener = listener
  }

  /** The same place, its failures looked at. */
  watched<Served extends Verbs>(place: Place<Served>, use: DatabaseUse): Place<Served> {
    return {
      call: (verb, argument) =>
        place.call(verb, argument).catch((error: unknown) => {
          this.noticed(error, use)
          throw error
        }),
      close: () => place.close(),
    }
  }

  noticed(error: unknown, use: DatabaseUse): void {
    if (!(error instanceof StoreDamaged) || this.#found.has(use)) return
    this.#found.set(use, error.message)
    this.#listener(use, error.message)
  }

  /** Why not all that waits can be sent; null as far as is known. */
  ofSending(): string | null {
    return this.#found.get("sending") ?? null
  }
}
