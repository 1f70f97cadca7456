import { sequenceOf } from "../e2e/arrivals.ts"
import type { ReceivedRequest } from "../receiver.ts"

export type LatePlaces = {
  /** Sent after a later one though nothing says that they had been taken: the order was broken. */
  readonly outOfOrder: number
  /** Taken before, and sent again after later ones: a receiver that knows the id lets them go. */
  readonly repeated: number
}

/** Looks through the arrivals of a lane, in which each is to be the same as the one before (sent again) or a later one. */
export function latePlaces(lane: readonly ReceivedRequest[], taken: WeakSet<ReceivedRequest>): LatePlaces {
  const known = new Set<number>()
  let [furthest, outOfOrder, repeated] = [0, 0, 0]
  for (const each of lane) {
    const sequence = sequenceOf(each)
    if (sequence >= furthest) furthest = sequence
    else if (known.has(sequence)) repeated++
    else outOfOrder++
    if (taken.has(each)) known.add(sequence)
  }
  return { outOfOrder, repeated }
}
