/** Deliveries that wait for one webhook: fewer are no cause to tell anybody. */
const alarmAt = 1_000
/** Below this the alarm is set again. Half, so that a backlog around the threshold does not ring at each turn. */
const quietBelow = alarmAt / 2

/** What is remembered of a webhook's backlog from one look to the next. */
export type BacklogSeen = {
  readonly waiting: number
  /** The highest threshold told of since it was last quiet; 0 for none. */
  readonly toldAt: number
}

export type BacklogLook = {
  readonly seen: BacklogSeen
  /** The threshold that it has reached without shrinking since the look before; null when there is nothing to tell. */
  readonly reached: number | null
}

/**
 * Whether a backlog is worth telling of: at 1,000 waiting deliveries and at each doubling, once until it has been below
 * 500. One look alone says nothing: a burst that is being worked off is smaller at the next.
 *
 * @param before of the last look; null at the first.
 */
export function lookAtBacklog(before: BacklogSeen | null, waiting: number): BacklogLook {
  const toldAt = waiting < quietBelow ? 0 : (before?.toldAt ?? 0)
  const threshold = thresholdOf(waiting)
  const grows = before !== null && waiting >= before.waiting
  if (!grows || threshold <= toldAt) return { seen: { waiting, toldAt }, reached: null }
  return { seen: { waiting, toldAt: threshold }, reached: threshold }
}

/** 1,000, 2,000, 4,000, …: the highest that is reached; 0 below the first. */
function thresholdOf(waiting: number): number {
  if (waiting < alarmAt) return 0
  return alarmAt * 2 ** Math.floor(Math.log2(waiting / alarmAt))
}
