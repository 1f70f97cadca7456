import type { Contender } from "./contender.ts"
import type { CompareOptions } from "./options.ts"
import { measureOne } from "./rounds.ts"

/**
 * Carried by each process before anything counts: compilers go on for that long, and a delivery costs half as much again
 * meanwhile. A quick look has no time for it.
 */
const warmUpEvents = { quick: 1_000, full: 30_000 }
/** After that, to know how many events take about as long as wanted. */
const estimateSeconds = { quick: 0.2, full: 1 }

/** Uncounted. @returns how many events take a contender about as long as wanted. */
export async function warmUp(
  contenders: readonly Contender[],
  { events, secondsEach, quick }: Pick<CompareOptions, "events" | "secondsEach" | "quick">,
  say: (line: string) => void,
): Promise<(contender: Contender) => number> {
  const counts = new Map<string, number>()
  const kind = quick ? "quick" : "full"
  for (const contender of contenders) {
    const { name, perRequest } = contender
    say(`warming up: ${name}`)
    await contender.deliver(wholeRequests(warmUpOf(contender, contenders, warmUpEvents[kind]), perRequest))
    const { rate: roughly } = await measureOne(contender, wholeRequests(warmUpEvents.quick, perRequest))
    const { rate } = await measureOne(contender, wholeRequests(roughly * estimateSeconds[kind], perRequest))
    counts.set(name, events ?? wholeRequests(rate * secondsEach, perRequest))
  }
  return ({ name }) => counts.get(name) ?? warmUpEvents.quick
}

/** Contenders that share processes share the warming up. */
export function warmUpOf({ pids }: Contender, contenders: readonly Contender[], eventsPerProcess: number): number {
  const sharing = contenders.filter((other) => other.pids.some((pid) => pids.includes(pid)))
  return (eventsPerProcess * pids.length) / sharing.length
}

function wholeRequests(events: number, perRequest: number): number {
  return Math.max(10, Math.round(events / perRequest)) * perRequest
}
