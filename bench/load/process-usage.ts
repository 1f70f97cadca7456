import { readdirSync, readFileSync, writeFileSync } from "node:fs"

/** What a process and all its descendants have used. */
export type Usage = {
  /** User and system time since their start, ended children included, in ms. */
  readonly cpuMs: number
  /** The sum of their peaks of resident memory since `resetPeak`. */
  readonly peakMiB: number
}

/** Linux's own accounting (proc(5)): clock ticks are hundredths of a second. */
const tickMs = 10

export function usageOf(pid: number): Usage {
  let [cpuMs, peakMiB] = [0, 0]
  for (const each of withDescendants(pid)) {
    const status = read(`/proc/${each}/status`)
    const fields = read(`/proc/${each}/stat`)?.split(") ").at(-1)?.split(" ")
    if (status === null || fields === undefined) continue
    // utime, stime, and those of children that have ended: fields 14 to 17, of which the first two are cut off here.
    cpuMs += fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * tickMs, 0)
    peakMiB += kibIn(status, "VmHWM") / 1024
  }
  return { cpuMs, peakMiB: Math.round(peakMiB) }
}

/** Resident memory now, in MiB; what processes share (a database's buffers) is counted once. */
export function memoryMiB(pid: number): number {
  const kib = withDescendants(pid).reduce(
    (sum, each) => sum + kibIn(read(`/proc/${each}/smaps_rollup`) ?? "", "Pss"),
    0,
  )
  return Math.round(kib / 1024)
}

/** A process's resident memory now, as /proc tells it: cheap enough to be asked each second. */
export function residentMiB(pid: number): number {
  return Math.round(kibIn(read(`/proc/${pid}/status`) ?? "", "VmRSS") / 1024)
}

/** Lets peaks of memory count from now (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  for (const each of withDescendants(pid)) {
    try {
      writeFileSync(`/proc/${each}/clear_refs`, "5")
    } catch {
      // It has ended meanwhile, or belongs to another user: its peak then counts from its start.
    }
  }
}

function withDescendants(pid: number): readonly number[] {
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter((each) => each.trim() !== "")
  // A thread's children are listed under that thread.
  const threads = listed(`/proc/${pid}/task`).filter((thread) => thread !== String(pid))
  const ofThreads = threads.flatMap((thread) => (read(`/proc/${pid}/task/${thread}/children`) ?? "").split(" "))
  const all = [...children, ...ofThreads].map(Number).filter((child) => child > 0)
  return [pid, ...all.flatMap(withDescendants)]
}

function kibIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}

function listed(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
