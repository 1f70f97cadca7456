import { appendFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { eventually } from "../../e2e/api-calls.ts"
import { mountSmallDisk, type SmallDisk } from "../../tools/small-disk.ts"
import { asRoot, type Fault, torment } from "../fault.ts"
import { undoneInAnyCase } from "../leftovers.ts"
import type { Patient } from "../patient.ts"

const refusalMaxMs = 20_000

/** A small disk, for as long as it is used. */
async function onSmallDisk<Result>(sizeMegabytes: number, use: (disk: SmallDisk) => Promise<Result>): Promise<Result> {
  const disk = mountSmallDisk("torture-disk", sizeMegabytes)
  const remove = undoneInAnyCase(disk.remove)
  try {
    return await use(disk)
  } finally {
    await remove()
  }
}

/** Writes until nothing more fits; the server takes its part of it meanwhile. */
function fill(path: string): void {
  for (let size = 1 << 20; size >= 512; )
    try {
      appendFileSync(path, Buffer.alloc(size))
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error
      size >>= 1
    }
}

const refusalsOf = (patient: Patient, status: number) => patient.load.refusals.get(status) ?? 0

/** Something else fills the disk, and is removed again. */
export const fullDisk: Fault = {
  name: "full-disk",
  title: "the disk fills up to the last byte, and is freed again",
  unfit: asRoot,
  run: ({ forMs, random }) =>
    onSmallDisk(96 + Math.ceil(forMs / 1_000), ({ directory }) =>
      torment("full-disk", { directory, handovers: ["kills"] }, async (patient, done) => {
        const untilMs = performance.now() + forMs
        const ballast = join(directory, "ballast")
        do {
          fill(ballast)
          done("full disks")
          const before = refusalsOf(patient, 503)
          // Room that is left inside its files is used up first. Then it says so, and stays alive.
          await eventually(
            async () => refusalsOf(patient, 503),
            (count) => count > before,
            60_000,
          )
          const alive = await fetch(`${patient.address()}/healthz`)
          if (alive.status !== 200) throw new Error(`with a full disk /healthz answers ${alive.status}`)
          if (random.chance(0.5)) {
            await patient.kill()
            done("kills")
            rmSync(ballast)
            await patient.start()
          } else {
            await delay(random.fraction() * 1_000)
            rmSync(ballast)
          }
          await patient.acknowledges(5)
        } while (performance.now() < untilMs)
      }),
    ),
}

/** The file system has become read-only, as after an error of the disk: a start must not harm anything. */
export const readOnlyDisk: Fault = {
  name: "read-only-disk",
  title: "killed, started on a read-only disk, and again on a writable one",
  unfit: asRoot,
  run: ({ forMs }) =>
    onSmallDisk(96 + Math.ceil(forMs / 1_000), (disk) =>
      torment("read-only-disk", { directory: disk.directory, handovers: ["kills"] }, async (patient, done) => {
        const untilMs = performance.now() + forMs
        do {
          await delay(300)
          await patient.kill()
          done("kills")
          disk.setWritable(false)
          const refused = patient.spawn()
          // One that takes the disk for a good one would go on for ever.
          const late = setTimeout(() => void refused.kill("SIGKILL"), refusalMaxMs)
          const { code, signal } = await refused.stopped
          clearTimeout(late)
          disk.setWritable(true)
          if (code !== 1) throw new Error(`a start on a read-only disk ended with ${code ?? signal}, not with 1`)
          done("refused starts")
          await patient.start()
          await patient.acknowledges(5)
        } while (performance.now() < untilMs)
      }),
    ),
}
