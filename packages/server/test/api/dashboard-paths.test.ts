import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { dashboardPaths } from "../../src/api/dashboard/dashboard-paths.ts"

it("serves the page at every path that the dashboard's router knows", () => {
  const router = readFileSync(new URL("../../../dashboard/src/router.tsx", import.meta.url), "utf8")
  const literal = [...router.matchAll(/(?:path: |screen\()"(\/[^"]*)"/g)].map(([, path]) => path ?? "")
  const base = /const webhooks = "([^"]+)"/.exec(router)?.[1] ?? ""
  const known = [...literal, base, `${base}/new`, `${base}/$id`]
  expect(known.length).toBeGreaterThan(12)
  const served = dashboardPaths.map((path) => new RegExp(`^${path.replace("*", ".+")}$`))
  for (const path of known)
    expect(
      served.some((pattern) => pattern.test(path)),
      path,
    ).toBe(true)
})
