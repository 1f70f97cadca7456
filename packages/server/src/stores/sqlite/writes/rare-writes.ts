import type { DatabaseSync } from "node:sqlite"
import type { Books } from "../books.ts"
import { prepareCancelWaiting } from "./cancel-waiting.ts"
import { prepareCheck } from "./check.ts"
import { prepareConfigure } from "./configure.ts"
import { prepareEnqueue } from "./enqueue.ts"
import { prepareForget } from "./forget.ts"
import { prepareDeliveries } from "./move-delivery.ts"
import { prepareNote } from "./note.ts"
import { prepareCancelReplay, preparePutReplay } from "./put-replay.ts"
import { prepareReopen } from "./reopen.ts"
import { prepareTouchKeys } from "./touch-keys.ts"
import { preparePutWebhook } from "./webhook-record.ts"

export type RareWrites = ReturnType<typeof prepareRareWrites>

/** Every write but the two of the hot path. Arguments and results are plain JSON. */
export function prepareRareWrites(db: DatabaseSync, books: Books) {
  const deliveries = prepareDeliveries(db, books)
  const note = prepareNote(db)
  const putReplay = preparePutReplay(db, books)
  const check = prepareCheck(db)
  return {
    reopen: prepareReopen(db, books, deliveries),
    cancelWaiting: prepareCancelWaiting(db, books, deliveries),
    configure: prepareConfigure(db, books, preparePutWebhook(db), note),
    touchKeys: prepareTouchKeys(db, books),
    note,
    putReplay,
    cancelReplay: prepareCancelReplay(db, books, putReplay),
    enqueue: prepareEnqueue(db, books, putReplay),
    forget: prepareForget(db, books),
    check: (_: null) => check(),
    // The counts are written by the commit itself, as with every rare write.
    writeBooks: (_: null) => books.history.file(),
  }
}
