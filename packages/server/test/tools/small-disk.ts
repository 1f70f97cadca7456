import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A file system in memory, which only root can mount. */
export type SmallDisk = {
  readonly directory: string
  setWritable(writable: boolean): void
  /** Also while something on it is open. */
  remove(): void
}

export function mountSmallDisk(name: string, sizeMegabytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), `tocsin-${name}-`))
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMegabytes}m`, "tmpfs", directory])
  return {
    directory,
    setWritable: (writable) => void execFileSync("mount", ["-o", `remount,${writable ? "rw" : "ro"}`, directory]),
    remove() {
      execFileSync("umount", ["--lazy", directory])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
