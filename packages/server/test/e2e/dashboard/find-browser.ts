import { execFileSync } from "node:child_process"
import { foundOrInstalled } from "../../tools/debian.ts"

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

let browser: Promise<string> | null = null

/**
 * A Chromium to test with: the machine's own; else Debian's package, where this is root on a Debian; else the one that
 * `@sparticuz/chromium` brings, which needs nothing but glibc.
 *
 * @throws Error of one line that says what to install.
 */
export function findBrowser(): Promise<string> {
  browser ??= find()
  return browser
}

async function find(): Promise<string> {
  try {
    return await foundOrInstalled("chromium", ...names)
  } catch (error) {
    const path = await bundled()
    if (path === null) throw error
    return path
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
