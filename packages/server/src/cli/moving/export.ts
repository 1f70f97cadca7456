import type { Command } from "commander"
import { readConfig } from "../../config.ts"
import { asId, type WorkspaceId } from "../../domain/ids.ts"
import type { Exporting, MovedRecord } from "../../ports/moving.ts"
import { openPostgresExporting } from "../../stores/postgres/moving/exporting.ts"
import { openSqliteExporting } from "../../stores/sqlite/moving/exporting.ts"
import { withJson } from "../calling/connection.ts"
import { settingsWithoutKey } from "../reading/settings-without-key.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { withBar } from "../showing/bar.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { movedSummary, movedTo } from "./summary.ts"
import { writeExport } from "./writing-file.ts"

type Options = { readonly out: string; readonly workspace?: string; readonly json?: boolean }

/** `tocsin export`: the configured database into a file. */
export function addExport(program: Command, terminal: Terminal): void {
  const command = program
    .command("export")
    .summary("write workspaces with all their data to a file")
    .description(
      "Write workspaces with all their data, pending deliveries included, to a file that `tocsin import` reads into another database. It reads the database that the settings name (TOCSIN_DATA_DIR or TOCSIN_DATABASE_URL): the embedded one with its server stopped, PostgreSQL as it is at one moment while nodes run. Secrets stay sealed: the encryption key is moved apart.",
    )
    .requiredOption("--out <file>", "where to; it must not exist yet")
    .option("--workspace <id>", "only this one; all unless told")
    .action(async (options: Options) => {
      // Nothing is opened that is sealed, so PostgreSQL's encryption key need not be known to whoever exports.
      const config = readConfig(settingsWithoutKey(terminal.environment))
      const exporting =
        config.databaseUrl === null
          ? openSqliteExporting(config.dataDir)
          : await openPostgresExporting(config.databaseUrl)
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
    })
  withJson(command)
  withExamples(command, [
    ["Everything of the embedded database, its server stopped", "TOCSIN_DATA_DIR=data tocsin export --out all.ndjson"],
    [
      "One workspace of a running PostgreSQL instance",
      "TOCSIN_DATABASE_URL=postgres://db/tocsin tocsin export --workspace ws_0192f0c8a1b2 --out acme.ndjson",
    ],
  ])
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
