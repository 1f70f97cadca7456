import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { Command } from "commander"
import manifest from "../../../package.json" with { type: "json" }
import { type Config, readConfig } from "../../config.ts"
import { adminKeyFile, encryptionKeyFile } from "../../secrets/key-files.ts"
import { backUp } from "../../stores/sqlite/backing-up/back-up.ts"
import { withJson } from "../calling/connection.ts"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { withBar } from "../showing/bar.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { holding, inMegabytes, megabytes } from "./figures.ts"
import { settingsHere } from "./settings.ts"

type Options = { readonly to?: string; readonly includeKey?: boolean; readonly json?: boolean }

/** `tocsin backup`: the embedded database into one file, while the server runs. */
export function addBackup(program: Command, terminal: Terminal): void {
  const command = program
    .command("backup")
    .summary("back up the embedded database, while its server runs")
    .description(
      "Write a backup of the embedded database (TOCSIN_DATA_DIR) to one file, as it is at one moment, while its server runs and is not held up. The file is checked, made durable, and only then given its name. `tocsin restore` makes a data directory of it. The encryption key is kept out of it on purpose: whoever has both can read every secret. Keep a copy of it elsewhere, or take it along with --include-key and guard the file like the key. PostgreSQL has tools of its own (docs/operating.md).",
    )
    .option("--to <file>", "where to; it must not exist yet (default: tocsin-backup-<time>.db, here)")
    .option("--include-key", "put encryption.key into the backup")
    .action(async (options: Options) => {
      const config = readConfig(settingsHere(terminal.environment))
      if (config.databaseUrl !== null)
        throw new UsageError(
          "tocsin backup is for the embedded database; back up PostgreSQL with pg_dump or its own archiving (docs/operating.md).",
        )
      const path = resolve(options.to ?? defaultName(terminal.now()))
      if (!existsSync(dirname(path)))
        throw new UsageError(`There is no directory ${dirname(path)} to put the backup into. Make it first.`)
      const key = keyFile(config, options)
      const made = await withBar(
        terminal,
        options,
        `Backing up to ${path}`,
        (said) =>
          backUp({
            directory: config.dataDir,
            path,
            version: manifest.version,
            now: terminal.now,
            files: () => filesOf(config.dataDir, [adminKeyFile, ...key]),
            said,
            signal: terminal.signal,
          }),
        inMegabytes,
      )
      const includesKey = key.length > 0
      const told = {
        file: path,
        made_at: new Date(made.madeAtMs).toISOString(),
        size_bytes: made.sizeBytes,
        schema: made.schema,
        workspaces: made.workspaces,
        webhooks: made.webhooks,
        events: made.events,
        waiting_deliveries: made.waiting,
        includes_encryption_key: includesKey,
      }
      present(
        terminal,
        options,
        told,
        () =>
          `Backed up to ${path} (${megabytes(made.sizeBytes)}), checked and durable.\n${holding(made)}\n${keyAdvice(config, includesKey)}\n`,
      )
    })
  withJson(command)
  withExamples(command, [
    ["Every night", "TOCSIN_DATA_DIR=/var/lib/tocsin tocsin backup --to /backup/tocsin-$(date +%F).db"],
    ["With all that a restore needs, for a safe place", "tocsin backup --include-key --to vault/tocsin.db"],
  ])
}

/** @throws UsageError where there is no file to include */
function keyFile(config: Config, { includeKey }: Options): readonly string[] {
  if (includeKey !== true) return []
  if (config.encryptionKeys !== null)
    throw new UsageError(
      "TOCSIN_ENCRYPTION_KEY is set, so there is no encryption.key to include. Keep the setting safe.",
    )
  if (!existsSync(join(config.dataDir, encryptionKeyFile)))
    throw new UsageError(
      `There is no ${encryptionKeyFile} in ${config.dataDir}. If the server is given TOCSIN_ENCRYPTION_KEY, keep that safe, and leave --include-key out.`,
    )
  return [encryptionKeyFile]
}

function filesOf(directory: string, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names
      .filter((name) => existsSync(join(directory, name)))
      .map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  )
}

function keyAdvice({ dataDir }: Config, includesKey: boolean): string {
  if (includesKey) return "The encryption key is in it: guard it like the key itself."
  return `The encryption key is not in it. Keep a copy elsewhere (${join(dataDir, encryptionKeyFile)}, or TOCSIN_ENCRYPTION_KEY): without it nothing can be restored.`
}

function defaultName(nowMs: number): string {
  return `tocsin-backup-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "-")}Z.db`
}
