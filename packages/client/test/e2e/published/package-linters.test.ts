import { readFileSync } from "node:fs"
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { beforeAll, describe, expect, it } from "vitest"
import { type Packed, packed } from "./packed.ts"

let built: Packed
beforeAll(() => {
  built = packed()
}, 120_000)

describe("the package as it would be published", () => {
  it("has nothing that publint would change", async () => {
    const bytes = readFileSync(built.tarball)
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    const { messages, pkg } = await publint({ pkgDir: "package", pack: { tarball }, strict: true })
    expect(pkg).toMatchObject({ name: "@tocsin/client" })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it("has the right types at each of its entry points, as attw sees them", async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(built.tarball)))
    if (result.types === false) throw new Error("it has no types")
    expect(Object.keys(result.entrypoints)).toEqual(expect.arrayContaining([".", "./receiving", "./express", "./hono"]))
    // An ESM package for Node 20.3 or newer: CommonJS of older ones, and resolution without exports, are not for it.
    // The same as attw's own profile `esm-only`.
    const passedOver = new Set(["node10", "node16-cjs"])
    const problems = result.problems.filter(
      (problem) => !("resolutionKind" in problem) || !passedOver.has(problem.resolutionKind),
    )
    expect(problems).toEqual([])
    for (const { resolutions } of Object.values(result.entrypoints)) {
      for (const kind of ["node16-esm", "bundler"] as const) expect(resolutions[kind].resolution).toBeDefined()
    }
  })
})
