import { type Store, StoreUnavailable } from "../../../src/ports/store.ts"
import type { SeededRandom } from "../seeded-random.ts"

/** How the storage behaves for a while. Chances from 0 to 1. */
export type StoreMood = {
  /** Refused before it was tried. */
  readonly away: number
  /** Done, and its answer lost: only where a database server stands between. */
  readonly answerLost: number
  /** A settlement breaks where it never should. */
  readonly breaks: number
}

export const wellBehaved: StoreMood = { away: 0, answerLost: 0, breaks: 0 }

/** What a broken settlement says: the engine is to report it and go on. */
export const brokenSettle = "a settlement that breaks where it never should"

/** Calls that may fail. What only a person asks for may too, and is then told so. */
const failing: ReadonlySet<string> = new Set([
  "accept",
  "settle",
  "waiting",
  "nextDue",
  "attemptsByMinute",
  "backlogs",
  "configure",
  "loadConfig",
  "cancelWaiting",
  "health",
  "enqueue",
  "replayCandidates",
  "openReplays",
  "forget",
])
/** Those whose answer may get lost and which the port does not bind to have left nothing then. */
const losing: ReadonlySet<string> = new Set(["accept", "settle", "enqueue"])

/** Stands before a store as a process sees it, and fails by the mood of the moment. */
export function moodyStore(
  store: Store,
  mood: () => StoreMood,
  random: SeededRandom,
  lostAnswer: () => void,
  brokenFor: (deliveryId: string) => void,
): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== "function" || !failing.has(String(name))) return member
      return async (...args: unknown[]) => {
        const { away, answerLost, breaks } = mood()
        // Drawn always, so that a mood changes no more than what it says.
        const [first, second, third] = [random.fraction(), random.fraction(), random.fraction()]
        if (first < away) throw new StoreUnavailable("the store is away")
        if (name === "settle" && second < breaks) {
          const [settlement] = args
          if (typeof settlement === "object" && settlement !== null && "deliveryId" in settlement)
            brokenFor(String(settlement.deliveryId))
          throw new Error(brokenSettle)
        }
        const answer: unknown = await Reflect.apply(member, target, args)
        if (third >= answerLost || !losing.has(String(name))) return answer
        lostAnswer()
        throw new StoreUnavailable("the store went away before it could answer")
      }
    },
  })
}
