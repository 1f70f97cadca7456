import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)
const cache = join(tmpdir(), "tocsin-promtool")
const fetchMaxMs = 300_000

/**
 * Prometheus' own checker of rules and expositions: one on PATH, else the one in Debian's package `prometheus`, which
 * is unpacked and not installed, so that nothing is started.
 *
 * @throws Error of one line when it cannot be had: tests must fail then, never skip.
 */
export async function promtool(): Promise<string> {
  for (const folder of (process.env.PATH ?? "").split(delimiter))
    if (folder !== "" && existsSync(join(folder, "promtool"))) return join(folder, "promtool")
  const unpacked = join(cache, "usr/bin/promtool")
  if (existsSync(unpacked)) return unpacked
  mkdirSync(tmpdir(), { recursive: true })
  const making = mkdtempSync(`${cache}-`)
  try {
    await download(making)
    const [file = ""] = readdirSync(making).filter((name) => name.endsWith(".deb"))
    const whole = join(making, "whole")
    await run("dpkg", ["-x", join(making, file), whole])
    // Whole or not at all; another may have been first.
    if (!existsSync(unpacked)) renameSync(whole, cache)
    return unpacked
  } catch (error) {
    if (existsSync(unpacked)) return unpacked
    const [reason] = String(error instanceof Error ? error.message : error).split("\n")
    throw new Error(`These tests need promtool: install Prometheus, or put promtool on PATH (${reason}).`)
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

async function download(cwd: string): Promise<void> {
  const get = () => run("apt-get", ["download", "prometheus"], { cwd, timeout: fetchMaxMs })
  try {
    await get()
  } catch (error) {
    // On a fresh machine the list of packages is missing, which only root may fetch.
    if (process.getuid?.() !== 0) throw error
    await run("apt-get", ["update"], { timeout: fetchMaxMs })
    await get()
  }
}
