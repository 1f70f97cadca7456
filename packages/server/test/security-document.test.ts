import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "../../..")

it("every promise of docs/security.md names tests that exist", () => {
  const rows = readFileSync(join(root, "docs/security.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (promise|---)/.test(line))
  expect(rows.length).toBeGreaterThan(30)
  for (const row of rows) {
    const [, promise = "", heldBy = ""] = row.split("|").map((cell) => cell.trim())
    const files = [...heldBy.matchAll(/`([^`]+\.ts)`/g)].map(([, file = ""]) => file)
    expect(files.length, promise).toBeGreaterThan(0)
    for (const file of files) {
      expect(existsSync(join(import.meta.dirname, file)) || existsSync(join(root, file)), `${file}: ${promise}`).toBe(
        true,
      )
    }
  }
})
