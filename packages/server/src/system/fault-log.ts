import type { Clock } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import { StoreUnavailable } from "../ports/store.ts"

const sameMs = 60_000

/** Logs faults. Of a database that is away, which all that need it tell again and again, a line a minute. */
export function faultLog(
  logger: {
    readonly warn: (text: string) => void
    readonly error: (about: { readonly err: unknown }, text: string) => void
  },
  clock: Pick<Clock, "now">,
): OnFault {
  let awayToldMs = Number.NEGATIVE_INFINITY
  return (fault, what) => {
    if (!(fault instanceof StoreUnavailable)) {
      logger.error({ err: fault }, what)
      return
    }
    const nowMs = clock.now()
    // A clock that was set back must not silence it.
    if (Math.abs(nowMs - awayToldMs) < sameMs) return
    awayToldMs = nowMs
    logger.warn(`${what}: ${fault.message} It is tried again until it can be done.`)
  }
}
