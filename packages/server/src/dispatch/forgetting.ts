import type { Clock } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Metrics } from "../ports/metrics.ts"
import type { Store } from "../ports/store.ts"

const stepRows = 500
/** Between steps: deliveries' commits get the store nine tenths of the time and more. */
const stepPauseMs = 50
const roundEveryMs = 60_000
/**
 * What is deleted, and has nothing left that hangs on it, stays so long: longer than a request takes that was begun
 * before, or a node to hear of it. What they still store for it is told from the record that it was deleted.
 */
const deletedStayMs = 600_000

/**
 * Retention: removes what is older than the limit in small steps, so that delivering never waits long for it.
 *
 * @returns stops it; resolves when the step under way is through.
 */
export function startForgetting(parts: {
  readonly store: Pick<Store, "forget">
  readonly clock: Clock
  readonly retentionMs: number
  /** Asked before each step: of several nodes one forgets for all. */
  readonly leads: () => boolean
  readonly metrics: Pick<Metrics, "forgot">
  readonly onFault: OnFault
}): () => Promise<void> {
  const { store, clock, retentionMs, leads, metrics, onFault } = parts
  let stopped = false
  let cancel = () => {}
  let running = Promise.resolve()
  const step = async () => {
    let more = false
    try {
      if (leads()) {
        const nowMs = clock.now()
        more = await store.forget({ beforeMs: nowMs - retentionMs, deletedBeforeMs: nowMs - deletedStayMs }, stepRows)
        metrics.forgot(more ? "more" : "done")
      }
    } catch (fault) {
      metrics.forgot("failed")
      onFault(fault, "removing what is past its retention")
    }
    if (!stopped) schedule(more ? stepPauseMs : roundEveryMs)
  }
  const schedule = (delayMs: number) => {
    cancel = clock.after(delayMs, () => {
      running = step()
    })
  }
  schedule(stepPauseMs)
  return () => {
    stopped = true
    cancel()
    return running
  }
}
