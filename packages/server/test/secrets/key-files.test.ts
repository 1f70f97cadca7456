import { randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { encryptionKeysGiven, encryptionKeysIn } from "../../src/secrets/key-files.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tocsin-keys-"))
})
afterEach(() => rmSync(directory, { recursive: true }))

test("a replaced key stays in the file behind the new one, which no one else may read", () => {
  const first = encryptionKeysIn(directory, randomBytes(32))
  first.keep()
  const made = first.replace?.(randomBytes(32))
  const again = encryptionKeysIn(directory, randomBytes(32))
  expect(again.keys).toEqual([made, ...first.keys])
  again.replace?.(randomBytes(32))
  expect(encryptionKeysIn(directory, randomBytes(32)).keys).toHaveLength(3)
  expect(readdirSync(directory)).toEqual(["encryption.key"])
  expect(statSync(join(directory, "encryption.key")).mode & 0o777).toBe(0o600)
})

test("keys that were given are the operator's to replace", () => {
  expect(encryptionKeysGiven([randomBytes(32)]).replace).toBeNull()
})

test.each(["", "\n", "short\n", `${randomBytes(32).toString("base64")}\nshort\n`])(
  "a file that holds %j is refused in one line that names it",
  (text) => {
    const path = join(directory, "encryption.key")
    writeFileSync(path, text)
    expect(() => encryptionKeysIn(directory, randomBytes(32))).toThrow(/^\/.*encryption\.key does not hold [^\n]+$/)
    expect(readFileSync(path, "utf8")).toBe(text)
  },
)
