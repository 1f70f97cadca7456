import { createHash } from "node:crypto"
import { type FileHandle, open, rm } from "node:fs/promises"
import type { WorkspaceId } from "../../domain/ids.ts"
import type { MovedRecord } from "../../ports/moving.ts"
import { UsageError } from "../running/failures.ts"
import { type Counts, countsOf, type End, formatVersion, type Header } from "./file-format.ts"

/**
 * Writes an export, page by page, and syncs it. A file that could not be written to its end is removed.
 *
 * @param onWritten told how many records are written so far.
 * @throws UsageError when the file is there already, or cannot be made
 */
export async function writeExport(
  path: string,
  workspaces: readonly WorkspaceId[],
  exportedAtMs: number,
  pages: AsyncIterable<readonly MovedRecord[]>,
  onWritten: (records: number) => void,
): Promise<Counts> {
  const file = await makeFile(path)
  try {
    const hash = createHash("sha256")
    const count = new Map<MovedRecord["kind"], number>()
    let written = 0
    const write = async (lines: readonly unknown[]) => {
      const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
      hash.update(bytes)
      await file.writeFile(bytes)
    }
    const header: Header = {
      tocsin_export: formatVersion,
      exported_at: new Date(exportedAtMs).toISOString(),
      workspaces,
    }
    await write([header])
    for await (const page of pages) {
      await write(page)
      for (const { kind } of page) count.set(kind, (count.get(kind) ?? 0) + 1)
      written += page.length
      onWritten(written)
    }
    const counts = countsOf((kind) => count.get(kind) ?? 0)
    const end: End = { end: true, counts, sha256: hash.digest("hex") }
    await file.writeFile(`${JSON.stringify(end)}\n`)
    await file.sync()
    await file.close()
    return counts
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(path, { force: true })
    throw error
  }
}

/** For its owner alone: it holds events, and what could be tried against a leaked encryption key. */
async function makeFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${path} cannot be made (${reason}). Name a file that does not exist yet.`, { cause: error })
  }
}
