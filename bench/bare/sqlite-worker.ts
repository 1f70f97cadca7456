/** Commits of the bare path: an event, its delivery and its attempt a row each, and the indexes without which none is found. */
import { DatabaseSync } from "node:sqlite"
import { parentPort, workerData } from "node:worker_threads"
import { type Tape, TapeReader } from "../../packages/server/src/threads/tape.ts"

const directory: string = workerData
const db = new DatabaseSync(`${directory}/bare.db`)
db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -24576;
  CREATE TABLE events (num INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL);
  CREATE TABLE deliveries (num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, webhook TEXT NOT NULL, waits INTEGER NOT NULL);
  CREATE INDEX waiting ON deliveries (webhook, num) WHERE waits;
  CREATE TABLE attempts (num INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, detail TEXT NOT NULL)`)
const addEvent = db.prepare("INSERT INTO events (id, body) VALUES (?, ?)")
const addDelivery = db.prepare("INSERT INTO deliveries (id, webhook, waits) VALUES (?, ?, 1)")
const end = db.prepare("UPDATE deliveries SET waits = 0 WHERE id = ? RETURNING num")
const addAttempt = db.prepare("INSERT INTO attempts (delivery, detail) VALUES (?, ?)")

function commit(tape: Tape): void {
  const read = new TapeReader(tape)
  db.exec("BEGIN IMMEDIATE")
  while (!read.ended()) {
    const id = read.textOrNull()
    if (id === null) {
      const num = end.get(read.text())?.num
      if (num == null) throw new Error("an attempt of a delivery that was never stored")
      addAttempt.run(num, read.text())
    } else {
      const [deliveryId, webhook, body] = [read.text(), read.text(), read.text()]
      addEvent.run(id, body)
      addDelivery.run(deliveryId, webhook)
    }
  }
  db.exec("COMMIT")
}

parentPort?.on("message", (tape: Tape) => {
  commit(tape)
  parentPort?.postMessage(null)
})
