import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { always, type Fault, torment } from "../fault.ts"
import { undoneInAnyCase } from "../leftovers.ts"

/** SIGSTOP and, later, SIGCONT: a machine that swaps, a virtual one that moves. */
export const pauses: Fault = {
  name: "pauses",
  title: "SIGSTOP for up to 3 s, then SIGCONT",
  unfit: always,
  run: ({ forMs, random }) =>
    torment("pauses", {}, async (patient, done) => {
      const untilMs = performance.now() + forMs
      while (performance.now() < untilMs) {
        void patient.process().kill("SIGSTOP")
        await delay(200 + random.fraction() * 2_800)
        void patient.process().kill("SIGCONT")
        done("pauses")
        await patient.acknowledges(1)
        await delay(random.fraction() * 500)
      }
    }),
}

const clockSetByFile = new URL("../clock-set-by-file.ts", import.meta.url)
const hourMs = 3_600_000

/** The wall clock is set back and forth by hours, and at last stays ahead: an operator's or a time server's doing. */
export const clock: Fault = {
  name: "clock",
  title: "the wall clock set back and forth by hours",
  unfit: always,
  async run({ forMs, random }) {
    const directory = mkdtempSync(join(tmpdir(), "tocsin-torture-clock-"))
    const remove = undoneInAnyCase(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, "by-ms")
    const settings = { NODE_OPTIONS: `--import=${clockSetByFile}`, TORTURE_CLOCK: file }
    try {
      return await torment("clock", { settings }, async (patient, done) => {
        const set = (byMs: number) => {
          writeFileSync(file, String(Math.round(byMs)))
          void patient.process().kill("SIGUSR2")
          done("settings of the clock")
        }
        const untilMs = performance.now() + forMs
        while (performance.now() < untilMs) {
          // Refused for a while, so that retries are pending when the time changes.
          patient.mood.reply = 503
          await delay(200)
          set((random.fraction() * 2 - 1) * 5 * hourMs)
          await delay(200 + random.fraction() * 500)
          patient.mood.reply = 200
          await patient.acknowledges(1)
        }
        // What became due while it was ahead waits for that time to come again.
        set(6 * hourMs)
        await patient.acknowledges(5)
        const [newest] = await patient.workspace.list("/v1/events?type=load.tested")
        const aheadMs = Date.parse(String(newest?.created)) - Date.now()
        if (!(aheadMs > 5 * hourMs)) throw new Error(`the clock was not set: an event is ${aheadMs} ms ahead`)
      })
    } finally {
      await remove()
    }
  },
}
