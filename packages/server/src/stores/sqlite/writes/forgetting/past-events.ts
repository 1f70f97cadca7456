import type { DatabaseSync } from "node:sqlite"
import type { Books } from "../../books.ts"
import { number, numberOrNull, reader, text, writer } from "../../prepared.ts"
import { bucket, isWaiting } from "../../states.ts"
import type { Part, Step } from "./step.ts"

/** So many in a row that are too young, and the rest are: one alone may have come while the clock was ahead. */
const youngMax = 1_000

type Event = { readonly num: number; readonly workspace: number }

/**
 * Removes ended deliveries with their attempts, and events without deliveries left. A delivery's age counts from its
 * end, so that what was sent late stays readable as long as anything else.
 *
 * Goes through the events from the oldest and remembers between calls how far it came, within an event too: what
 * waits for a receiver that has been away for months is looked at once a round, and an event that went to ten
 * thousand webhooks takes as many steps as ten thousand events would.
 */
export function preparePastEvents(db: DatabaseSync, books: Books): Part {
  const nextEvents = reader(db, "SELECT num, workspace, accepted_ms FROM events WHERE num > ? ORDER BY num LIMIT ?")
  const nextDeliveries = reader(
    db,
    `SELECT id, webhook, state, attempts, created_ms, ended_ms FROM deliveries INDEXED BY deliveries_of_event
     WHERE event = ? AND workspace = ? AND id > ? ORDER BY id LIMIT ?`,
  )
  const anyDelivery = reader(db, "SELECT 1 FROM deliveries WHERE event = ? LIMIT 1")
  const removeDelivery = writer(db, "DELETE FROM deliveries WHERE workspace = ? AND id = ?")
  const removeAttempts = writer(db, "DELETE FROM attempts WHERE workspace = ? AND delivery = ?")
  const removeEvent = writer(db, "DELETE FROM events WHERE num = ?")
  /** The last event gone through whole, and the last delivery of the one after it. */
  let afterEvent = 0
  let afterDelivery = ""
  /** Too young, in a row. */
  let young = 0

  function forgetDeliveries({ num, workspace }: Event, step: Step): boolean {
    while (step.left > 0) {
      const pageRows = step.left
      const rows = nextDeliveries.rows(num, workspace, afterDelivery, pageRows)
      for (const row of rows) {
        if (step.left <= 0) return false
        step.left -= forgetDelivery(workspace, row, step.beforeMs)
        afterDelivery = text(row[0])
      }
      if (rows.length < pageRows) return true
    }
    return false
  }

  /** @returns what it counts for: 1, or its attempts where it has more of them. */
  function forgetDelivery(workspace: number, row: ReturnType<typeof nextDeliveries.rows>[number], beforeMs: number) {
    const [id, webhook, state, createdMs] = [text(row[0]), number(row[1]), number(row[2]), number(row[4])]
    if (isWaiting(state) || (numberOrNull(row[5]) ?? createdMs) >= beforeMs) return 1
    const attempts = removeAttempts(workspace, id)
    removeDelivery(workspace, id)
    books.removed(webhook, createdMs, bucket(state, number(row[3])))
    return Math.max(1, attempts)
  }

  return (step) => {
    while (step.left > 0) {
      const pageRows = step.left
      const rows = nextEvents.rows(afterEvent, pageRows)
      for (const row of rows) {
        const event = { num: number(row[0]), workspace: number(row[1]) }
        if (number(row[2]) >= step.beforeMs) {
          if (++young >= youngMax) return fromTheStart()
        } else {
          young = 0
          if (!forgetDeliveries(event, step)) return false
          if (anyDelivery.row(event.num) === undefined) removeEvent(event.num)
        }
        step.left -= 1
        afterEvent = event.num
        afterDelivery = ""
      }
      if (rows.length < pageRows) return fromTheStart()
    }
    return false
  }

  function fromTheStart(): true {
    afterEvent = 0
    afterDelivery = ""
    young = 0
    return true
  }
}
