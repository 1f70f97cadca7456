import { execFileSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

const aptGet = "/usr/bin/apt-get"
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

let found: Promise<string> | null = null

/**
 * A Chromium to test with: the machine's own; else Debian's package, where this is root on a Debian; else the one that
 * `@sparticuz/chromium` brings, which needs nothing but glibc.
 *
 * @throws Error of one line that says what to install.
 */
export function findBrowser(): Promise<string> {
  found ??= find()
  return found
}

async function find(): Promise<string> {
  const path = onPath() ?? installed() ?? (await bundled())
  if (path !== null) return path
  throw new Error(
    "the dashboard's tests need a browser: install chromium (apt-get install chromium) or put one on PATH",
  )
}

function onPath(): string | null {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) if (runnable(join(directory, name))) return join(directory, name)
  }
  return null
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function bundled(): Promise<string | null> {
  try {
    const { default: chromium } = await import("@sparticuz/chromium")
    const path = await chromium.executablePath()
    execFileSync(path, ["--version"], { stdio: "ignore", timeout: 20_000 })
    return path
  } catch {
    return null
  }
}

function installed(): string | null {
  if (process.getuid?.() !== 0 || !runnable(aptGet)) return null
  try {
    const quiet = {
      stdio: "ignore",
      timeout: 300_000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    } as const
    // Without a network it is to give up soon: there is another way.
    const patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "DPkg::Lock::Timeout=120"]
    execFileSync(aptGet, [...patience, "update"], quiet)
    execFileSync(aptGet, [...patience, "install", "-y", "--no-install-recommends", "chromium"], quiet)
    return onPath()
  } catch {
    return null
  }
}
