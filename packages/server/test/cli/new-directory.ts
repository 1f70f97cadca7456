import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

const directories: string[] = []

// Registered where this file is imported, before a test file's own, and so called after them: by then they have closed
// what they opened in there.
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

/** An empty directory, removed after the test file. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-cli-"))
  directories.push(directory)
  return directory
}
