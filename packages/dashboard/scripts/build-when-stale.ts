import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"

/**
 * Builds the dashboard where its build is missing or older than what it is made of: `npm start` and the tests run this
 * first. It takes about two seconds, or a few milliseconds when there is nothing to do.
 */
const here = join(import.meta.dirname, "..")
const built = join(here, "dist", "built")
const sources = [
  "src",
  "public",
  "index.html",
  "vite.config.ts",
  "package.json",
  "../client/src",
  "../../docs/receiving",
]

if (stale()) {
  if (!existsSync(join(here, "../../node_modules/vite"))) {
    // An installation without development dependencies: it is to come with a build.
    process.stderr.write("tocsin: the dashboard is not built and vite is not installed; the API works without it\n")
  } else await build()
}

function stale(): boolean {
  return !existsSync(built) || newestMs(sources.map((each) => join(here, each))) > statSync(built).mtimeMs
}

function newestMs(paths: readonly string[]): number {
  return Math.max(
    0,
    ...paths.map((path) => {
      const found = statSync(path)
      if (!found.isDirectory()) return found.mtimeMs
      return Math.max(found.mtimeMs, newestMs(readdirSync(path).map((name) => join(path, name))))
    }),
  )
}

async function build(): Promise<void> {
  // Tests run this with another value, for which React would come with all its checks.
  process.env.NODE_ENV = "production"
  const vite = await import("vite")
  // Before the build, so that what is changed while it runs is built again.
  const startedAt = new Date()
  await vite.build({ configFile: join(here, "vite.config.ts"), logLevel: "warn" })
  for (const path of files(join(here, "dist"))) compress(path)
  writeFileSync(built, `${startedAt.toISOString()}\n`)
}

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Compressed once here in place of at each request. */
function compress(path: string): void {
  if (!/\.(js|css|html|svg)$/.test(path)) return
  const bytes = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  // Level 9 of 11: the last two take seconds and save a percent.
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
}
