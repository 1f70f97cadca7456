import { parallelMax, unsettledPerFlight } from "../../src/dispatch/webhook-queue.ts"
import { type Ordering, publishers } from "./furnishing.ts"

export type PerOrdering = Readonly<Record<Ordering, number>>

/**
 * What one of the patient's webhooks can have begun that is not durable yet. Where an order is kept the next waits until
 * the one before it is durable: a single one, or one of each key.
 */
const unsettledMax: PerOrdering = { strict: 1, by_key: publishers, none: parallelMax * unsettledPerFlight }

/** How much may come twice. */
export type Allowance = {
  readonly repeats: PerOrdering
  /** Of those, what may come after later ones of its lane. */
  readonly lateRepeats: PerOrdering
}

/**
 * At least once allows to repeat what was sent and not yet durable when somebody else had to take over, and nothing else.
 *
 * @param handovers how often a process died, was cut off from its store, or was paused beyond its lease.
 * @param late whether the one before may go on: with several nodes it may not know yet that another took over.
 */
export function allowance(handovers: number, late: boolean): Allowance {
  return { repeats: times(handovers), lateRepeats: times(late ? handovers : 0) }
}

function times(count: number): PerOrdering {
  const { strict, by_key, none } = unsettledMax
  return { strict: count * strict, by_key: count * by_key, none: count * none }
}

export function total({ strict, by_key, none }: PerOrdering): number {
  return strict + by_key + none
}
