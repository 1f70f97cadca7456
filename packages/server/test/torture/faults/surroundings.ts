import { execFileSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import type { Reply } from "../../receiver.ts"
import { always, type Fault, torment } from "../fault.ts"
import { untilTurnedAway } from "../new-connections.ts"

/** A receiver that answers well, then not at all, then with errors, then well again. */
export const flapping: Fault = {
  name: "flapping",
  title: "the receiver resets, refuses, is silent, and recovers",
  unfit: always,
  run: ({ forMs, random }) =>
    torment("flapping", {}, async (patient, done) => {
      const moods: readonly Reply[] = ["reset", 503, "close", 500, { status: 200, afterMs: 300 }, 429, "reset"]
      const untilMs = performance.now() + forMs
      while (performance.now() < untilMs) {
        patient.mood.reply = moods[random.below(moods.length)] ?? 500
        done("moods")
        await delay(300 + random.fraction() * 1_500)
        patient.mood.reply = 200
        await delay(200 + random.fraction() * 500)
      }
    }),
}

const prlimit = "/usr/bin/prlimit"

/** The limit is on their numbers, not on how many there are: below it no number may be free. */
function lowestFree(pid: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let number = 0
  while (open.has(number)) number++
  return number
}

/** No descriptor is left: for connections of publishers, of receivers, for files. */
export const descriptors: Fault = {
  name: "descriptors",
  title: "no file descriptor is left, and then there are some again",
  unfit: () => (existsSync(prlimit) && existsSync("/proc/self/fd") ? null : "there is no prlimit"),
  run: ({ forMs, random }) =>
    torment("descriptors", { handovers: ["kills"] }, async (patient, done) => {
      const untilMs = performance.now() + forMs
      const limit = (soft: number | string) =>
        execFileSync(prlimit, ["--pid", String(patient.process().pid), `--nofile=${soft}:`])
      do {
        limit(lowestFree(patient.process().pid))
        done("shortages")
        // What is connected goes on being served, and would not feel it. A number that is set free meanwhile is taken up.
        const letGo = await untilTurnedAway(patient.address())
        await delay(500 + random.fraction() * 1_500)
        letGo()
        if (random.chance(0.3)) {
          await patient.kill()
          done("kills")
          await patient.start()
        } else limit(4_096)
        await patient.acknowledges(5)
      } while (performance.now() < untilMs)
    }),
}
