import type { Command } from "commander"
import { withJson } from "../calling/connection.ts"
import type { Terminal } from "../running/terminal.ts"
import { withExamples } from "../showing/teaching.ts"

/** `tocsin import`: a file of `tocsin export` into the configured database. */
export function addImport(program: Command, terminal: Terminal): void {
  const command = program
    .command("import")
    .argument("<file>", "what `tocsin export` wrote")
    .summary("read workspaces from an export into the database")
    .description(
      "Read workspaces with all their data from an export into the database that the settings name (TOCSIN_DATA_DIR or TOCSIN_DATABASE_URL). They appear all at once, at the end: an import that is interrupted has changed nothing, and is run again. A workspace that is there already is never overwritten. The encryption key must be the one of the database that was exported.",
    )
    .action(async (file: string, options: { readonly json?: boolean }) => {
      // Loaded only now: what reads the file's records takes longer to load than other commands take altogether.
      const { importFile } = await import("./importing.ts")
      await importFile(terminal, file, options)
    })
  withJson(command)
  withExamples(command, [
    [
      "Into PostgreSQL",
      "TOCSIN_DATABASE_URL=postgres://db/tocsin TOCSIN_ENCRYPTION_KEY=$(paste -sd, data/encryption.key) tocsin import all.ndjson",
    ],
    ["Into an embedded database, its server stopped", "TOCSIN_DATA_DIR=/var/lib/tocsin tocsin import all.ndjson"],
  ])
}
