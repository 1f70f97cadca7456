import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { prepareDashboardDemo } from "./dashboard-demo.ts"
import { startServer, temporaryDataDir } from "./server-process.ts"

const build = fileURLToPath(new URL("../../../../dashboard/scripts/build-when-stale.ts", import.meta.url))

/** A server with a workspace that has a day behind it, and its dashboard to look around in. */
export async function showDashboard(signal: AbortSignal): Promise<void> {
  if (existsSync(build)) execFileSync(process.execPath, [build], { stdio: ["ignore", "ignore", "inherit"] })
  const adminKey = `ta_${randomBytes(24).toString("base64url")}`
  const dataDir = temporaryDataDir()
  try {
    process.stdout.write("\n  Playing the last day of a workspace through the engine: some seconds.\n")
    const demo = await prepareDashboardDemo(dataDir, adminKey, signal)
    try {
      const server = await startServer(adminKey, signal, dataDir)
      try {
        process.stdout.write(
          `\n  The dashboard: ${server.address}\n  Sign in with:  ${demo.key}\n\n  Events are published until Ctrl-C; then everything is removed.\n\n`,
        )
        await demo.traffic(server.address, signal)
      } finally {
        await server.stop()
      }
    } finally {
      await demo.close()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
