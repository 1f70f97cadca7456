import type { DatabaseSync } from "node:sqlite"
import type { Tape } from "../../../threads/tape.ts"
import type { Books } from "../books.ts"
import { describeFailure } from "../failure.ts"
import { prepareAccept } from "./accept.ts"
import { prepareRareWrites } from "./rare-writes.ts"
import { prepareSettle } from "./settle.ts"
import { decodeBatch, encodeReplies, isHot, type OperationOnTape, type Reply } from "./tape.ts"

/**
 * Commits batches: one transaction for all, because an fsync costs the same for one as for a thousand. Should an
 * operation fail, which no valid one does, the batch is undone and made again one operation at a time, so that it
 * fails alone; that costs nothing until it happens, where a savepoint for each would cost always.
 */
export function prepareCommit(db: DatabaseSync, books: Books): (tape: Tape) => Tape {
  const accept = prepareAccept(db, books)
  const settle = prepareSettle(db, books)
  const rare = prepareRareWrites(db, books)

  function write(operation: OperationOnTape): Reply {
    switch (operation.verb) {
      case "accept":
        return { verb: "accept", accepted: accept(operation.acceptance) }
      case "settle":
        settle(operation.settlement)
        return { verb: "settle" }
      case "reopen":
        return { verb: "rare", result: rare.reopen(operation.argument) }
      case "cancelWaiting":
        return { verb: "rare", result: rare.cancelWaiting(operation.argument) }
      case "configure":
        return { verb: "rare", result: rare.configure(operation.argument) }
      case "touchKeys":
        return { verb: "rare", result: rare.touchKeys(operation.argument) }
      case "note":
        return { verb: "rare", result: rare.note(operation.argument) }
      case "putReplay":
        return { verb: "rare", result: rare.putReplay(operation.argument) }
      case "cancelReplay":
        return { verb: "rare", result: rare.cancelReplay(operation.argument) }
      case "enqueue":
        return { verb: "rare", result: rare.enqueue(operation.argument) }
      case "forget":
        return { verb: "rare", result: rare.forget(operation.argument) }
      case "check":
        return { verb: "rare", result: rare.check(operation.argument) }
      case "writeBooks":
        return { verb: "rare", result: rare.writeBooks(operation.argument) }
      case "together":
        return { verb: "rare", result: together(decodeBatch(operation.argument)) }
    }
  }

  function together([first, ...brought]: readonly OperationOnTape[]): unknown {
    if (first === undefined) return true
    const reply = write(first)
    const result = reply.verb === "rare" ? reply.result : true
    if (result !== "conflict") for (const operation of brought) write(operation)
    return result
  }

  function transaction(operations: readonly OperationOnTape[], mayKeep: boolean): readonly Reply[] {
    db.exec("BEGIN IMMEDIATE")
    try {
      books.begin()
      const replies = operations.map(write)
      if (mayKeep) books.keep()
      else books.write()
      // Not with rare writes alone: one may be there to free room on a full disk.
      if (operations.some(isHot)) books.history.fileIfMany()
      db.exec("COMMIT")
      return replies
    } catch (error) {
      books.reread()
      // SQLite has already rolled back by itself after some errors, a full disk among them.
      if (db.isTransaction) db.exec("ROLLBACK")
      throw error
    }
  }

  function oneByOne(operations: readonly OperationOnTape[]): readonly Reply[] {
    let storage: Reply | null = null
    return operations.map((operation) => {
      // Once the storage itself fails, it will for the others too: trying each would only take long.
      if (storage !== null) return storage
      try {
        return transaction([operation], false)[0] ?? { verb: "settle" }
      } catch (error) {
        const reply: Reply = { verb: "failed", failed: describeFailure(error) }
        if (reply.failed.kind === "unavailable") storage = reply
        return reply
      }
    })
  }

  return (tape) => {
    const operations = decodeBatch(tape)
    try {
      return encodeReplies(transaction(operations, operations.every(isHot)))
    } catch (error) {
      const failed = describeFailure(error)
      if (failed.kind !== "unavailable" && operations.length > 1) return encodeReplies(oneByOne(operations))
      return encodeReplies(operations.map(() => ({ verb: "failed", failed })))
    }
  }
}
