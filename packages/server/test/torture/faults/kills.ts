import { appendFileSync, existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { SeededRandom } from "../../simulation/seeded-random.ts"
import { always, type Fault, torment } from "../fault.ts"
import type { Patient } from "../patient.ts"

const pageBytes = 4_096
/** Until one has been measured. */
const startAtFirstMs = 500

const handovers = ["kills", "kills of a start"]

/**
 * Starts it again. Now and then it is killed on the way there, at any moment of the time that the last start took: what
 * recovers is itself cut short.
 *
 * @returns how long this start took, in ms
 */
async function startInTheEnd(
  patient: Patient,
  lastTookMs: number,
  random: SeededRandom,
  done: (what: string) => void,
): Promise<number> {
  while (random.chance(0.4)) {
    patient.spawn()
    await delay(random.fraction() * lastTookMs)
    await patient.kill()
    done("kills of a start")
  }
  return patient.start()
}

/** Kills it again and again, and sees that each time it takes events again. */
function killing(
  { name, title }: Pick<Fault, "name" | "title">,
  livesMs: (random: SeededRandom) => number,
  whileDead: (patient: Patient, random: SeededRandom, done: (what: string) => void) => void = () => {},
): Fault {
  return {
    name,
    title,
    unfit: always,
    run: ({ forMs, random }) =>
      torment(name, { handovers }, async (patient, done) => {
        const untilMs = performance.now() + forMs
        let startMs = startAtFirstMs
        while (performance.now() < untilMs) {
          await delay(livesMs(random))
          await patient.kill()
          done("kills")
          whileDead(patient, random, done)
          startMs = await startInTheEnd(patient, startMs, random, done)
          await patient.acknowledges(1)
        }
      }),
  }
}

/** `kill -9`, again and again, at any moment, that of a start too. */
export const kills = killing({ name: "kills", title: "kill -9 in a loop" }, (random) => random.fraction() * 1_000)

/** What a loss of power leaves of the last write: frames that were never finished behind those that were committed. */
export const tornLog = killing(
  { name: "torn-log", title: "kill -9, and rubbish behind the end of the write-ahead log" },
  (random) => 200 + random.fraction() * 500,
  (patient, random, done) => {
    const log = join(patient.directory, "tocsin.db-wal")
    if (!existsSync(log)) return
    // Less than a frame, a frame, several: each with its header.
    const frames = random.below(4)
    appendFileSync(log, random.bytes(frames * (24 + pageBytes) + random.below(pageBytes)))
    done("torn logs")
  },
)
