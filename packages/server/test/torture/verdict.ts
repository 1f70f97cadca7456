import { disorder, firstArrivals, sequenceOf } from "../e2e/arrivals.ts"
import { orderings, type Patient, publishers } from "./patient.ts"

/** What became of everything that was acknowledged. */
export type Verdict = {
  readonly acknowledged: number
  /** Answers that were no acknowledgement, by status; 0: none came. */
  readonly refused: Readonly<Record<string, number>>
  /** Acknowledged and never taken by the receiver, over all webhooks: what it refused each time is lost to it. */
  readonly lost: number
  /** Taken by the receiver more than once: at least once is what is promised. */
  readonly duplicated: number
  readonly arrived: number
  /** Arrivals before one that they come after: over the strict webhook, and over each publisher's key. */
  readonly outOfOrder: number
  /** Acknowledged to one publisher in an order other than that in which they were taken. */
  readonly acknowledgedOutOfOrder: number
  /** Numbers that nothing taken had: a gap tells a receiver of a loss. */
  readonly gaps: number
  readonly drained: boolean
  readonly errors: readonly string[]
}

/**
 * Compares the ledger with what arrived, once all is through.
 *
 * @param repeatsLate whether a repetition may come after later events: a node that was paused may still send what it had.
 */
export function judge(
  patient: Pick<Patient, "load" | "receiver" | "taken" | "errors">,
  drained: boolean,
  repeatsLate: boolean,
): Verdict {
  const { ledger, refusals } = patient.load
  const { received } = patient.receiver
  let [lost, outOfOrder, acknowledgedOutOfOrder, gaps, duplicated] = [0, 0, 0, 0, 0]
  for (const ordering of orderings) {
    const got = received.filter(({ path }) => path === `/${ordering}`)
    const taken = got.filter((each) => patient.taken.has(each))
    const first = firstArrivals(taken)
    lost += ledger.filter(({ id }) => !first.has(id)).length
    duplicated += taken.length - first.size
    // One that was refused to the end leaves a gap too, behind all others as well.
    const last = got.reduce((most, each) => Math.max(most, sequenceOf(each)), 0)
    gaps += last - new Set([...first.values()].map(sequenceOf)).size
    const came = repeatsLate ? [...firstArrivals(got).values()] : got
    if (ordering === "strict") {
      outOfOrder += disorder(came).length
      const places = new Map([...first.keys()].map((id, place) => [id, place]))
      for (let publisher = 0; publisher < publishers; publisher++) {
        // What was lost is counted as that.
        const own = ledger.filter((each) => each.publisher === publisher).flatMap(({ id }) => places.get(id) ?? [])
        acknowledgedOutOfOrder += own.filter((place, at) => place < (own[at - 1] ?? -1)).length
      }
    }
    if (ordering === "by_key")
      for (let publisher = 0; publisher < publishers; publisher++)
        outOfOrder += disorder(came.filter(({ text }) => JSON.parse(text).data.publisher === publisher)).length
  }
  return {
    acknowledged: ledger.length,
    refused: Object.fromEntries(refusals),
    lost,
    duplicated,
    arrived: received.length,
    outOfOrder,
    acknowledgedOutOfOrder,
    gaps,
    drained,
    errors: patient.errors(),
  }
}

/** What must not be, in words; none when all is well. */
export function wrongs({ acknowledged, lost, outOfOrder, acknowledgedOutOfOrder, gaps, drained }: Verdict): string[] {
  const found: string[] = []
  if (acknowledged === 0) found.push("nothing was acknowledged")
  if (lost > 0) found.push(`${lost} acknowledged events were lost`)
  if (outOfOrder > 0) found.push(`${outOfOrder} arrivals were out of order`)
  if (acknowledgedOutOfOrder > 0) found.push(`${acknowledgedOutOfOrder} arrived in another order than acknowledged`)
  if (gaps > 0) found.push(`${gaps} sequence numbers never arrived`)
  if (!drained) found.push("deliveries were still waiting at the end")
  return found
}
