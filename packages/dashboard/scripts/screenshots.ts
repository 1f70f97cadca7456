import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { chromium, type Page } from "playwright-core"
import { Tocsin } from "../../client/src/index.ts"
import { prepareDashboardDemo } from "../../server/src/cli/demo/dashboard-demo.ts"
import { startServer, temporaryDataDir } from "../../server/src/cli/demo/server-process.ts"
import { findBrowser } from "../../server/test/e2e/dashboard/find-browser.ts"
import { screensOf } from "../../server/test/e2e/dashboard/screens.ts"

// Takes the pictures of docs/screenshots/: npm run screenshots -- [folder]
const folder = process.argv[2] ?? join(import.meta.dirname, "../../../docs/screenshots")
const adminKey = "ta_the-key-of-the-screenshots"

await import("./build-when-stale.ts")
mkdirSync(folder, { recursive: true })
const stop = new AbortController()
const dataDir = temporaryDataDir()
const demo = await prepareDashboardDemo(dataDir, adminKey, stop.signal)
const server = await startServer(adminKey, stop.signal, dataDir)
const browser = await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox", "--disable-gpu"] })
try {
  const traffic = demo.traffic(server.address, stop.signal)
  const tocsin = new Tocsin({ baseUrl: server.address, apiKey: demo.key })
  const screens = await screensOf(tocsin)
  for (const colorScheme of ["light", "dark"] as const) {
    await pictures(colorScheme, screens, { width: 1360, height: 850 }, "")
    await pictures(
      colorScheme,
      screens.filter(([name]) => ["overview", "deliveries"].includes(name)),
      { width: 390, height: 844 },
      "-phone",
    )
  }
  stop.abort()
  await traffic
} finally {
  await browser.close()
  await demo.close()
  await server.stop()
}

async function pictures(
  colorScheme: "light" | "dark",
  screens: readonly (readonly [string, string])[],
  viewport: { width: number; height: number },
  suffix: string,
): Promise<void> {
  const page = await browser.newPage({ viewport, colorScheme, timezoneId: "Europe/Berlin", locale: "en-GB" })
  await page.goto(server.address)
  await page.getByLabel("API key").waitFor()
  if (suffix === "") await page.screenshot({ path: join(folder, `sign-in-${colorScheme}.png`) })
  await page.getByLabel("API key").fill(demo.key)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.locator("main h1").waitFor()
  for (const [name, path] of screens) {
    await page.goto(`${server.address}${path}`)
    await page.locator("main h1").waitFor()
    if (name === "webhook-test") {
      await page.getByRole("button", { name: "Send", exact: true }).click()
      await page.getByText("The endpoint accepted it").waitFor()
    }
    if (name === "reference") await page.getByText("Register an endpoint").click()
    await complete(page)
    await page.screenshot({ path: join(folder, `${name}${suffix}-${colorScheme}.png`) })
    console.log(`${name}${suffix}-${colorScheme}.png`)
  }
  await page.context().close()
}

/** Resolves once nothing is being loaded any more and nothing has changed for a moment. */
async function complete(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const main = document.querySelector("main")
      const figures = [...(main?.querySelectorAll("dl dd.text-xl") ?? [])]
      const empty = figures.length > 0 && figures.every((figure) => figure.textContent === "–")
      const plots = [...(main?.querySelectorAll("[role=img].min-w-0") ?? [])]
      return (
        main !== null && !empty && !main.textContent?.includes("Loading…") && plots.every((plot) => plot.firstChild)
      )
    },
    undefined,
    { timeout: 30_000 },
  )
  await page.waitForTimeout(1_000)
}
