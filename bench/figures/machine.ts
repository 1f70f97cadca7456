import { execFileSync } from "node:child_process"
import { cpus, loadavg, release, totalmem } from "node:os"

/** Where and when figures were taken: they mean nothing without. */
export type Machine = {
  readonly cores: number
  readonly cpu: string
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly commit: string
  /** Processes that wanted a core in the last minute, before anything was measured. */
  readonly loadBefore: number
}

export function thisMachine(): Machine {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: commit(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

export function machineLine({ cores, cpu, memoryGiB, node, commit: of, loadBefore }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGiB} GiB, Node ${node.slice(1)}, commit ${of}, load ${loadBefore} before`
}

function commit(): string {
  try {
    const git = (...args: readonly string[]) =>
      execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
    const changed = git("status", "--porcelain", "--untracked-files=no", "packages").length > 0
    return `${git("rev-parse", "--short", "HEAD")}${changed ? " with changes" : ""}`
  } catch {
    return "unknown"
  }
}
