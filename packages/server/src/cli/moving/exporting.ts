import { readConfig } from "../../config.ts"
import { asId, type WorkspaceId } from "../../domain/ids.ts"
import type { Exporting, MovedRecord } from "../../ports/moving.ts"
import { openPostgresExporting } from "../../stores/postgres/moving/exporting.ts"
import { openSqliteExporting } from "../../stores/sqlite/moving/exporting.ts"
import { settingsWithoutKey } from "../reading/settings-without-key.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { withBar } from "../showing/bar.ts"
import { present } from "../showing/present.ts"
import { movedSummary, movedTo } from "./summary.ts"
import { writeExport } from "./writing-file.ts"

export type ExportOptions = { readonly out: string; readonly workspace?: string; readonly json?: boolean }

export async function exportTo(terminal: Terminal, options: ExportOptions): Promise<void> {
  // Nothing is opened that is sealed, so PostgreSQL's encryption key need not be known to whoever exports.
  const config = readConfig(settingsWithoutKey(terminal.environment))
  const exporting =
    config.databaseUrl === null ? openSqliteExporting(config.dataDir) : await openPostgresExporting(config.databaseUrl)
  try {
    const workspaces = await chosen(exporting, options.workspace)
    const counts = await withBar(terminal, options, `Exporting to ${options.out}`, async (say) => {
      const total = await exporting.total(workspaces)
      const pages = stoppable(exporting.pages(workspaces), terminal.signal)
      return writeExport(options.out, workspaces, terminal.now(), pages, (done) => say(done, total))
    })
    const told = movedTo(options.out, workspaces, counts)
    present(terminal, options, told, () => `Exported to ${options.out}.\n${movedSummary(told)}`)
  } finally {
    await exporting.close()
  }
}

async function chosen(exporting: Exporting, only: string | undefined): Promise<readonly WorkspaceId[]> {
  const all = await exporting.workspaces()
  if (only === undefined) return all
  const id = asId<WorkspaceId>(only)
  if (!all.includes(id)) throw new UsageError(`There is no workspace ${only} in this database. Nothing was exported.`)
  return [id]
}

async function* stoppable(
  pages: AsyncIterable<readonly MovedRecord[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly MovedRecord[]> {
  for await (const page of pages) {
    signal.throwIfAborted()
    yield page
    // The embedded database is read without a pause otherwise: an interrupt would never be heard.
    await new Promise(setImmediate)
  }
}
