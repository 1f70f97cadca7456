import type { Command } from "commander"
import { withJson } from "../calling/connection.ts"
import type { Terminal } from "../running/terminal.ts"
import { withExamples } from "../showing/teaching.ts"
import type { ExportOptions } from "./exporting.ts"

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
    .action(async (options: ExportOptions) => {
      // Loaded only now, as for `import`.
      const { exportTo } = await import("./exporting.ts")
      await exportTo(terminal, options)
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
