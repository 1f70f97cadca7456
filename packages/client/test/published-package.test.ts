import { existsSync, globSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import manifest from "../package.json" with { type: "json" }
import { publishedManifest } from "../scripts/published-manifest.ts"

const folder = new URL("../", import.meta.url)
const sources = globSync("src/**/*.ts", { cwd: folder })

describe("the sources", () => {
  it("import nothing but each other, so that they run in any runtime", () => {
    const imports = sources.flatMap((path) =>
      [...readFileSync(new URL(path, folder), "utf8").matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
        ([, named, dynamic]) => named ?? dynamic,
      ),
    )
    expect(imports.length).toBeGreaterThan(20)
    expect(imports.filter((from) => !/^\.{1,2}\/[\w./-]+\.ts$/.test(from ?? ""))).toEqual([])
    expect(manifest).not.toHaveProperty("dependencies")
  })

  it("are where the exports lead", () => {
    for (const target of Object.values(manifest.exports)) expect(existsSync(new URL(target, folder)), target).toBe(true)
  })
})

describe("the manifest that is published", () => {
  const published = publishedManifest(manifest)

  it("leads to built files with their types, and is not private", () => {
    expect(published).not.toHaveProperty("private")
    expect(published).not.toHaveProperty("scripts")
    expect(published.exports).toMatchObject({
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./express": { types: "./middleware/express.d.ts", default: "./middleware/express.js" },
    })
    expect(JSON.stringify(published)).not.toContain("src")
  })

  it("refuses an export that would not be built", () => {
    expect(() => publishedManifest({ exports: { ".": "./test/x.ts" } })).toThrow(/outside src/)
  })
})
