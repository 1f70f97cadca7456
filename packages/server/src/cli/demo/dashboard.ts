import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { openDashboardDemo } from "./dashboard-data.ts"
import { startServer } from "./server-process.ts"

/** Slow enough to be read as it comes, fast enough for the plots to move. */
const eventsPerSecond = 3

const build = fileURLToPath(new URL("../../../../dashboard/scripts/build-when-stale.ts", import.meta.url))

/** A server with a workspace full of webhooks that fare well and badly, and its dashboard to look around in. */
export async function showDashboard(signal: AbortSignal): Promise<void> {
  if (existsSync(build)) execFileSync(process.execPath, [build], { stdio: ["ignore", "ignore", "inherit"] })
  const adminKey = `ta_${randomBytes(24).toString("base64url")}`
  const server = await startServer(adminKey, signal)
  try {
    const demo = await openDashboardDemo(server.address, adminKey)
    process.stdout.write(
      `\n  The dashboard: ${server.address}\n  Sign in with:  ${demo.key}\n\n  Events are published until Ctrl-C; then everything is removed.\n\n`,
    )
    try {
      await demo.traffic(eventsPerSecond, signal)
    } finally {
      await demo.close()
    }
  } finally {
    await server.stop()
  }
}
