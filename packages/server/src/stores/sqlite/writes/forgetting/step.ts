import type { Past } from "../../../../ports/store.ts"

/** What one call of `forget` may still do. */
export type Step = Past & {
  /**
   * Rows it may still remove or look at; each part counts down what it did. Looking counts too: a commit waits for
   * the reading of a hundred thousand rows as long as for their removal.
   */
  left: number
}

/** A part of a round of retention. Does as much as the step allows. @returns whether it is through for this round. */
export type Part = (step: Step) => boolean
