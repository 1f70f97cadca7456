import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { publishedManifest } from "./published-manifest.ts"

const folder = new URL("../", import.meta.url)
const manifest = publishedManifest(JSON.parse(readFileSync(new URL("package.json", folder), "utf8")))
writeFileSync(new URL("dist/package.json", folder), `${JSON.stringify(manifest, null, 2)}\n`)
copyFileSync(new URL("README.md", folder), new URL("dist/README.md", folder))
console.log("Publish with: npm publish packages/client/dist")
