import { execFileSync } from "node:child_process"
import { cpus, loadavg, release, totalmem } from "node:os"
import Type, { type Static } from "typebox"

/** Where and when figures were taken: they mean nothing without. */
export const Machine = Type.Object({
  cores: Type.Number(),
  cpu: Type.String(),
  memoryGiB: Type.Number(),
  kernel: Type.String(),
  node: Type.String(),
  commit: Type.String(),
  /** Processes that wanted a core in the last minute, before anything was measured. */
  loadBefore: Type.Number(),
})
export type Machine = Static<typeof Machine>

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
