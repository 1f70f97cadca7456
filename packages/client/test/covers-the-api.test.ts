import { globSync, readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { object, runApi } from "../../server/test/api/running-api.ts"

const folder = new URL("../", import.meta.url)

it("each path of the OpenAPI document has its call, and each call's path is in the document", async () => {
  const { call } = await runApi()
  const { json } = await call("GET", "/openapi.json")
  const documented = Object.keys(object(json.paths)).filter((path) => path.startsWith("/v1/"))
  const sources = globSync("src/{resources/*,tocsin}.ts", { cwd: folder }).map((path) =>
    readFileSync(new URL(path, folder), "utf8").replaceAll(/\/\*\*[\s\S]*?\*\//g, ""),
  )
  const called = sources.flatMap((source) =>
    [...source.matchAll(/["`](\/v1\/[^"`]*)["`]/g)].map(([, path = ""]) => path),
  )
  const withoutNames = (paths: readonly string[]) => [
    ...new Set(paths.map((path) => path.replaceAll(/\$?\{\w+\}/g, "{}"))),
  ]
  expect(documented.length).toBeGreaterThanOrEqual(30)
  expect(withoutNames(called).sort()).toEqual(withoutNames(documented).sort())
})
