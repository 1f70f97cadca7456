import { closeSync, fsyncSync, openSync } from "node:fs"
import { backup, type DatabaseSync } from "node:sqlite"
import { reader, text } from "../prepared.ts"

/** Between two steps the bar moves and an interrupt is heard: some 8 MB. */
const pagesPerStep = 2_000
const pageBytes = 4_096

export type Copied = (doneBytes: number, totalBytes: number) => void

/**
 * Copies a database as it is at one moment, while others write to it.
 *
 * The source stays inside one read transaction: SQLite's backup begins anew whenever another process commits, and under
 * load would never end; what one transaction reads does not change. Writers are not held up. The write-ahead log cannot
 * be begun anew meanwhile, and grows by what is written.
 *
 * @param source a connection that nobody else uses.
 * @throws the signal's reason; Error of SQLite's. What it has copied by then is left, to be removed by the caller.
 */
export async function copyDatabase(
  source: DatabaseSync,
  target: string,
  { said, signal }: { readonly said: Copied; readonly signal: AbortSignal },
): Promise<void> {
  source.exec("BEGIN")
  try {
    // The transaction begins with its first read.
    source.prepare("SELECT count(*) FROM sqlite_schema").get()
    await backup(source, target, {
      rate: pagesPerStep,
      progress({ totalPages, remainingPages }) {
        signal.throwIfAborted()
        said((totalPages - remainingPages) * pageBytes, totalPages * pageBytes)
      },
    })
    signal.throwIfAborted()
  } finally {
    source.exec("COMMIT")
  }
}

/** Reads every page and compares indexes with tables. @throws Error with the first of what is wrong */
export function refuseDamaged(db: DatabaseSync, path: string): void {
  const [first] = reader(db, "PRAGMA integrity_check(1)").rows()
  const found = text(first?.[0])
  if (found !== "ok") throw new Error(`${path} is damaged: ${found}`)
}

/** What was written to a file or a directory survives a loss of power from here on. */
export function sync(path: string): void {
  const descriptor = openSync(path, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
