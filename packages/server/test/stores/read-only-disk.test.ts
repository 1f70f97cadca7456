import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { Story } from "../contracts/store-fixtures.ts"
import { mountSmallDisk, type SmallDisk } from "../tools/small-disk.ts"

/** Root writes into files of any mode: for it the whole file system must be read-only. */
function directoryToBeReadOnly(): { readonly directory: string; setWritable(writable: boolean): void } {
  const disk = process.getuid?.() === 0 ? mountSmallDisk("read-only", 32) : directoryOfModes()
  onTestFinished(() => {
    disk.setWritable(true)
    disk.remove()
  })
  return disk
}

function directoryOfModes(): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-read-only-"))
  return {
    directory,
    setWritable(writable) {
      for (const name of readdirSync(directory)) chmodSync(join(directory, name), writable ? 0o600 : 0o400)
      chmodSync(directory, writable ? 0o700 : 0o500)
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

test.each(["closed", "killed"] as const)(
  "a store that was %s is not opened where it cannot write: what is sent could not be recorded",
  async (how) => {
    const { directory, setWritable } = directoryToBeReadOnly()
    const home = mkdtempSync(join(tmpdir(), "tocsin-read-only-"))
    onTestFinished(() => rmSync(home, { recursive: true }))
    const store = await openSqliteStore({ directory: home })
    await (await Story.of(store)).delivery()
    // What a process leaves that is killed: SQLite reads it without a word, even where it cannot write.
    if (how === "killed") for (const name of readdirSync(home)) copyFileSync(join(home, name), join(directory, name))
    await store.close()
    if (how === "closed") for (const name of readdirSync(home)) copyFileSync(join(home, name), join(directory, name))
    setWritable(false)
    await expect(openSqliteStore({ directory })).rejects.toThrow(
      new RegExp(
        `^The data directory ${directory} cannot be used: E(ROFS|ACCES): .* Set TOCSIN_DATA_DIR to one that can.$`,
      ),
    )
    setWritable(true)
    const again = await openSqliteStore({ directory })
    expect(await again.backlogs()).toMatchObject([{ waiting: 1 }])
    await again.close()
  },
)
