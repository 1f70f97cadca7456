import { appendFileSync, existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { always, type Fault, torment } from "../fault.ts"

const pageBytes = 4_096

/** `kill -9`, again and again, at any moment. */
export const kills: Fault = {
  name: "kills",
  title: "kill -9 in a loop",
  unfit: always,
  run: ({ forMs, random }) =>
    torment("kills", { handovers: ["kills"] }, async (patient, done) => {
      const untilMs = performance.now() + forMs
      while (performance.now() < untilMs) {
        await delay(random.fraction() * 1_000)
        await patient.kill()
        done("kills")
        await patient.start()
        await patient.acknowledges(1)
      }
    }),
}

/** What a loss of power leaves of the last write: frames that were never finished behind those that were committed. */
export const tornLog: Fault = {
  name: "torn-log",
  title: "kill -9, and rubbish behind the end of the write-ahead log",
  unfit: always,
  run: ({ forMs, random }) =>
    torment("torn-log", { handovers: ["kills"] }, async (patient, done) => {
      const untilMs = performance.now() + forMs
      while (performance.now() < untilMs) {
        await delay(200 + random.fraction() * 500)
        await patient.kill()
        done("kills")
        const log = join(patient.directory, "tocsin.db-wal")
        if (existsSync(log)) {
          // Less than a frame, a frame, several: each with its header.
          const frames = random.below(4)
          appendFileSync(log, random.bytes(frames * (24 + pageBytes) + random.below(pageBytes)))
          done("torn logs")
        }
        await patient.start()
        await patient.acknowledges(1)
      }
    }),
}
