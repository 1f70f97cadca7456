import type { Past } from "../../../../ports/store.ts"
import type { Runner } from "../../session.ts"

/** What one call of `forget` may still do, in one transaction. */
export type Step = Past & {
  readonly run: Runner["run"]
  /** How many rows it might touch when it began. */
  readonly limit: number
  /** Rows it may still remove or look at; each part counts down what it did. Dropping a day ends the step. */
  left: number
}

/**
 * A part of a round of retention. Does as much as the step allows, and remembers between steps how far it came.
 * @returns whether it is through for this round.
 */
export type Part = (step: Step) => Promise<boolean>
