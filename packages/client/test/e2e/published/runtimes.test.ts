import { execFile } from "node:child_process"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { findBrowser } from "../../../../server/test/e2e/dashboard/find-browser.ts"
import {
  adminKey,
  newDataDirectory,
  type RunningServer,
  startServer,
} from "../../../../server/test/e2e/server-process.ts"
import { bun, deno } from "../../../../server/test/tools/runtimes.ts"
import { Tocsin } from "../../../src/index.ts"
import { type Packed, packed } from "./packed.ts"
import { servedToBrowsers } from "./served-to-browsers.ts"

const run = promisify(execFile)

let server: RunningServer
let built: Packed
beforeAll(async () => {
  built = packed()
  for (const file of ["check.mjs", "program.mjs"])
    copyFileSync(join(import.meta.dirname, file), join(built.program, file))
  server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
}, 120_000)
afterAll(() => server.kill())

/** A new workspace's key: whoever publishes the same event twice needs one of its own. */
async function newKey(): Promise<string> {
  const tocsin = new Tocsin({ baseUrl: server.address, apiKey: adminKey })
  return (await tocsin.workspaces.create({ name: "acme", profile: "cybervault" })).api_key.key
}

const expected = {
  receiving: {
    good: "200 OK",
    changed: "401 signature_mismatch",
    old: "401 timestamp_too_old",
    unsigned: "401 header_missing",
    handled: ["Ünïcödé 🔔"],
  },
  calling: {
    repeated: [false, true, true],
    walked: 4,
    lines: ["workspace.created"],
    problem: [404, "not_found"],
    unreachable: true,
    streamed: ["event", true, "enough"],
  },
}

describe("the package as it is published verifies, publishes, walks lists, streams and throws what it should in", () => {
  const program = async (command: string, before: readonly string[]) => {
    const { stdout } = await run(command, [...before, "program.mjs", server.address, await newKey()], {
      cwd: built.program,
      timeout: 60_000,
      env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
    })
    return JSON.parse(stdout)
  }

  it("Node", async () => expect(await program(process.execPath, [])).toEqual(expected))

  it("Bun", { timeout: 300_000 }, async () => expect(await program(await bun(), ["run"])).toEqual(expected))

  it("Deno", { timeout: 300_000 }, async () => {
    const options = ["run", "--quiet", "--no-prompt", "--node-modules-dir=manual", "--allow-net=127.0.0.1"]
    expect(await program(await deno(), options)).toEqual(expected)
  })

  it("a browser's page, and a worker of it", { timeout: 400_000 }, async () => {
    const site = await servedToBrowsers(join(built.program, "node_modules/@tocsin/client"), server.address)
    const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    const browser = await chromium.launch({ executablePath: await findBrowser(), headless: true, args })
    try {
      const page = await browser.newPage()
      await page.goto(site.origin)
      await page.addScriptTag({ type: "module", url: `/page.mjs?key=${await newKey()}` })
      const inPage = await page.evaluate(async () => Reflect.get(globalThis, "outcome"))
      expect(inPage).toEqual(expected)
      const inWorker = await page.evaluate(
        (url) =>
          new Promise((resolve, reject) => {
            const worker = new Worker(url, { type: "module" })
            worker.onmessage = ({ data }) => resolve(data)
            worker.onerror = ({ message }) => reject(new Error(message))
          }),
        `/page.mjs?key=${await newKey()}`,
      )
      expect(inWorker).toEqual(expected)
    } finally {
      await browser.close()
      site.close()
    }
  })
})
