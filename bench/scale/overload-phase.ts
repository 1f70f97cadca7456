import { rounded } from "../figures/rounded.ts"

/** One way of offering too much, and what became of it. */
export type OverloadPhase = {
  readonly name: string
  readonly perRequest: number
  /** Connections of the generator, each with one request at a time. */
  readonly connections: number
  readonly seconds: number
  /** Events a second: what it was just seen to deliver, and what was due. */
  readonly delivers: number
  readonly due: number
  /** Events answered 202. */
  readonly accepted: number
  /** Events answered 429 or 503. */
  readonly refused: number
  /** Events that the generator never sent, because all its connections waited for answers: the server saw none of them. */
  readonly withheld: number
  /** Requests answered with something else, or not at all. */
  readonly broken: number
  readonly waitingAtTheEnd: number
  readonly drainSeconds: number
}

/** What the server was really sent, times what it delivers: the load is no larger than that, whatever was due. */
function timesSent({ accepted, refused, broken, perRequest, seconds, delivers }: OverloadPhase): number {
  return (accepted + refused + broken * perRequest) / seconds / delivers
}

export function phaseFigures(phases: readonly OverloadPhase[]): Readonly<Record<string, number>> {
  return Object.fromEntries(phases.flatMap(figuresOf))
}

function figuresOf(phase: OverloadPhase): readonly (readonly [string, number])[] {
  const { name, delivers, due, accepted, refused, withheld, broken, waitingAtTheEnd, drainSeconds } = phase
  const figures = {
    "delivered a second before": delivers,
    "due a second": due,
    "withheld by the generator": withheld,
    "sent, times what it delivers": timesSent(phase),
    accepted,
    "refused (429, 503)": refused,
    "broken requests": broken,
    waitingAtTheEnd,
    drainSeconds,
  }
  return Object.entries(figures).map(([figure, value]) => [`${name}: ${figure}`, value] as const)
}

/** What happened, so that nobody takes for the server's doing what the generator did. */
export function phaseSaid(phase: OverloadPhase): string {
  const { name, connections, due, withheld, refused, seconds } = phase
  const share = Math.round((withheld / (due * seconds)) * 100)
  const held =
    withheld === 0
      ? "all that was due"
      : `${rounded(timesSent(phase))} times what it delivers and withheld ${share} % of what was due, because all of its ${connections} connections waited for answers`
  const turnedAway = refused === 0 ? "nothing" : `${rounded(refused)} events`
  return `With ${name} the generator sent ${held}; the server refused ${turnedAway}.`
}
