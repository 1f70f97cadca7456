import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { publishedManifest } from "./published-manifest.ts"

/** Beside the built files, in `dist/` or the directory that is named. */
const folder = join(import.meta.dirname, "..")
const built = resolve(process.argv[2] ?? join(folder, "dist"))
const manifest = publishedManifest(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")))
writeFileSync(join(built, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`)
copyFileSync(join(folder, "README.md"), join(built, "README.md"))
console.log(`Publish with: npm publish ${built}`)
