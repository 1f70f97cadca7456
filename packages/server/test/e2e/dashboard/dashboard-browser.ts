import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import axe from "axe-core"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, expect } from "vitest"
import { Tocsin } from "../../../../client/src/index.ts"
import { openReceiver, type Receiver } from "../../receiver.ts"
import { adminKey, newDataDirectory, type RunningServer, startServer } from "../server-process.ts"
import { findBrowser } from "./find-browser.ts"

const build = fileURLToPath(new URL("../../../../dashboard/scripts/build-when-stale.ts", import.meta.url))

export type Place = {
  readonly server: RunningServer
  readonly receiver: Receiver
  /** With the workspace's key. */
  readonly tocsin: Tocsin
  readonly key: string
}

/**
 * A browser, a server with a workspace, and a receiver, for all tests of a file; and the pages they open.
 *
 * @param prepare fills the data directory before the server starts on it, and tells the key of the workspace to look at;
 *   without it an empty workspace is made.
 */
export function dashboard(
  profile: "cybervault" | "policycortex" | "standard",
  prepare?: (dataDir: string) => Promise<string>,
) {
  let browser: Browser | undefined
  let place: Place | undefined
  const contexts: BrowserContext[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    execFileSync(process.execPath, [build], { stdio: ["ignore", "ignore", "inherit"] })
    const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    browser = await chromium.launch({ executablePath: await findBrowser(), headless: true, args })
    const dataDir = newDataDirectory()
    const prepared = await prepare?.(dataDir)
    const server = await startServer({ TOCSIN_DATA_DIR: dataDir })
    const receiver = await openReceiver()
    const key = prepared ?? (await newWorkspaceKey(server.address, profile))
    place = { server, receiver, key, tocsin: new Tocsin({ baseUrl: server.address, apiKey: key }) }
  }, 400_000)
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
    // Nothing that the policy forbids, no failed script, no warning of React's.
    expect(complaints.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await place?.receiver.close()
    await place?.server.kill()
  })

  function here(): Place {
    if (!place) throw new Error("only tests may use it")
    return place
  }

  /** A page that nobody is signed in to. */
  async function openPage(path = "/", options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    if (!browser) throw new Error("only tests may use it")
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      timezoneId: "Europe/Berlin",
      ...options,
    })
    contexts.push(context)
    context.setDefaultTimeout(15_000)
    const page = await context.newPage()
    page.on("console", (message) => {
      // A 401 before signing in, and a 422 shown at its field, are answers and not faults; browsers log them anyway.
      if (message.type() === "error" && !/status of (401|422|404)/.test(message.text())) complaints.push(message.text())
    })
    page.on("pageerror", (error) => complaints.push(String(error)))
    await page.goto(`${here().server.address}${path}`)
    return page
  }

  /** A page signed in by its form. */
  async function signedIn(path = "/", options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    const page = await openPage(path, options)
    await page.getByLabel("API key").fill(here().key)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page
      .getByRole("button", { name: "Sign out" })
      .or(page.getByRole("button", { name: "Menu" }))
      .first()
      .waitFor()
    return page
  }

  return { here, openPage, signedIn }
}

async function newWorkspaceKey(baseUrl: string, profile: "cybervault" | "policycortex" | "standard"): Promise<string> {
  const { api_key } = await new Tocsin({ baseUrl, apiKey: adminKey }).workspaces.create({ name: "acme", profile })
  return api_key.key
}

/**
 * What axe finds, in words. Evaluated over the debugger's protocol, which the page's policy does not hinder.
 * @param rules those it goes by; all of them unless told.
 */
export async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async (runOnly) => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Found[] }> } }
    type Found = { id: string; nodes: { html: string; failureSummary?: string }[] }
    const { violations: found } = await axe.run(runOnly ? { runOnly } : {})
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary}`),
    )
  }, rules)
}
