import { firstArrivals, sequenceOf } from "../e2e/arrivals.ts"
import type { ReceivedRequest } from "../receiver.ts"
import type { Allowance, PerOrdering } from "./allowance.ts"
import { type Ordering, orderings, publishers } from "./furnishing.ts"
import { latePlaces } from "./lane.ts"
import type { Patient } from "./patient.ts"

/** What became of everything that was acknowledged. */
export type Verdict = {
  readonly acknowledged: number
  /** Answers that were no acknowledgement, by status; 0: none came. */
  readonly refused: Readonly<Record<string, number>>
  /** Acknowledged and never taken by the receiver, over all webhooks: what it refused each time is lost to it. */
  readonly lost: number
  /** Taken by the receiver though it had taken them before. */
  readonly repeats: PerOrdering
  /** What it had taken before and was sent after later ones of the lane. */
  readonly lateRepeats: PerOrdering
  readonly arrived: number
  /** Arrivals after one that they come before, and not taken until then: over the strict webhook, and over each publisher's key. */
  readonly outOfOrder: number
  /** Acknowledged to one publisher in an order other than that in which they were taken. */
  readonly acknowledgedOutOfOrder: number
  /** Numbers that nothing taken had: a gap tells a receiver of a loss. */
  readonly gaps: number
  readonly drained: boolean
  readonly errors: readonly string[]
}

/** Compares the ledger with what arrived, once all is through. */
export function judge(patient: Pick<Patient, "load" | "receiver" | "taken" | "errors">, drained: boolean): Verdict {
  const { ledger, refusals } = patient.load
  const { received } = patient.receiver
  const repeats = { strict: 0, by_key: 0, none: 0 }
  const lateRepeats = { strict: 0, by_key: 0, none: 0 }
  let [lost, outOfOrder, acknowledgedOutOfOrder, gaps] = [0, 0, 0, 0]
  for (const ordering of orderings) {
    const got = received.filter(({ path }) => path === `/${ordering}`)
    const taken = got.filter((each) => patient.taken.has(each))
    const first = firstArrivals(taken)
    lost += ledger.filter(({ id }) => !first.has(id)).length
    repeats[ordering] = taken.length - first.size
    // One that was refused to the end leaves a gap too, behind all others as well.
    const last = got.reduce((most, each) => Math.max(most, sequenceOf(each)), 0)
    gaps += last - new Set([...first.values()].map(sequenceOf)).size
    for (const lane of lanesOf(ordering, got)) {
      const late = latePlaces(lane, patient.taken)
      outOfOrder += late.outOfOrder
      lateRepeats[ordering] += late.repeated
    }
    if (ordering === "strict") {
      const places = new Map([...first.keys()].map((id, place) => [id, place]))
      for (let publisher = 0; publisher < publishers; publisher++) {
        // What was lost is counted as that.
        const own = ledger.filter((each) => each.publisher === publisher).flatMap(({ id }) => places.get(id) ?? [])
        acknowledgedOutOfOrder += own.filter((place, at) => place < (own[at - 1] ?? -1)).length
      }
    }
  }
  return {
    acknowledged: ledger.length,
    refused: Object.fromEntries(refusals),
    lost,
    repeats,
    lateRepeats,
    arrived: received.length,
    outOfOrder,
    acknowledgedOutOfOrder,
    gaps,
    drained,
    errors: patient.errors(),
  }
}

/** What an ordering keeps in order, each by itself. */
function lanesOf(ordering: Ordering, got: readonly ReceivedRequest[]): readonly ReceivedRequest[][] {
  switch (ordering) {
    case "strict":
      return [[...got]]
    case "by_key":
      return Array.from({ length: publishers }, (_, publisher) =>
        got.filter(({ text }) => JSON.parse(text).data.publisher === publisher),
      )
    case "none":
      return []
  }
}

/** What must not be, in words; none when all is well. */
export function wrongs(verdict: Verdict, allowed: Allowance): string[] {
  const { acknowledged, lost, outOfOrder, acknowledgedOutOfOrder, gaps, drained } = verdict
  const found: string[] = []
  if (acknowledged === 0) found.push("nothing was acknowledged")
  if (lost > 0) found.push(`${lost} acknowledged events were lost`)
  if (outOfOrder > 0) found.push(`${outOfOrder} arrivals were out of order`)
  if (acknowledgedOutOfOrder > 0) found.push(`${acknowledgedOutOfOrder} arrived in another order than acknowledged`)
  if (gaps > 0) found.push(`${gaps} sequence numbers never arrived`)
  for (const ordering of orderings) {
    const [came, may] = [verdict.repeats[ordering], allowed.repeats[ordering]]
    if (came > may) found.push(`${came} came again at ${ordering}, where ${may} may`)
    const [late, mayLate] = [verdict.lateRepeats[ordering], allowed.lateRepeats[ordering]]
    if (late > mayLate) found.push(`${late} came again after later ones at ${ordering}, where ${mayLate} may`)
  }
  if (!drained) found.push("deliveries were still waiting at the end")
  return found
}
