import { type Clock, pause } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import { StoreUnavailable } from "../ports/store.ts"

const firstPauseMs = 100
const pauseMaxMs = 5_000

/**
 * Calls until the store is there for it, with pauses that grow to 5 s.
 * @param what it is that waits for the store, for `onFault`
 * @throws whatever the call throws but StoreUnavailable
 */
export async function untilStored<Result>(
  { clock, onFault }: { readonly clock: Clock; readonly onFault: OnFault },
  what: string,
  call: () => Promise<Result>,
): Promise<Result> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
    try {
      return await call()
    } catch (fault) {
      if (!(fault instanceof StoreUnavailable)) throw fault
      onFault(fault, what)
      await pause(clock, pauseMs)
    }
  }
}
