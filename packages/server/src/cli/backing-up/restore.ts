import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Command } from "commander"
import { type Config, readConfig } from "../../config.ts"
import { encryptionKeyFile, type Keys, keysOf } from "../../secrets/key-files.ts"
import { type OpenBackup, openBackup, refuseUsed } from "../../stores/sqlite/backing-up/restore.ts"
import { withJson } from "../calling/connection.ts"
import { refuseOtherKeys } from "../reading/sealed-secrets.ts"
import { Failed, UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { withBar } from "../showing/bar.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { holding, inMegabytes } from "./figures.ts"
import { settingsHere } from "./settings.ts"

/** `tocsin restore`: a backup into a new data directory. */
export function addRestore(program: Command, terminal: Terminal): void {
  const command = program
    .command("restore")
    .argument("<file>", "what `tocsin backup` wrote")
    .summary("make a data directory of a backup")
    .description(
      "Make a data directory (TOCSIN_DATA_DIR) of a backup. The file is checked first, the encryption key tried on every secret in it; a directory that holds a database is never touched. The key comes from the backup, from encryption.key put into the new directory before, or from TOCSIN_ENCRYPTION_KEY. Then start the server on it, and never again the one that was backed up: both would deliver what was pending.",
    )
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const config = readConfig(settingsHere(terminal.environment))
      if (config.databaseUrl !== null)
        throw new UsageError(
          "tocsin restore makes an embedded database; move it into PostgreSQL afterwards with tocsin export and import.",
        )
      const path = resolve(file)
      refuseUsed(config.dataDir)
      const backup = openBackup(path)
      try {
        const files = filesFor(backup, config)
        await withBar(
          terminal,
          options,
          `Restoring ${path}`,
          (said) => backup.restore(config.dataDir, files, { said, signal: terminal.signal }),
          inMegabytes,
        )
      } finally {
        backup.close()
      }
      const { workspaces, webhooks, events, waiting } = backup.counts
      const told = {
        file: path,
        directory: config.dataDir,
        made_at: new Date(backup.madeAtMs).toISOString(),
        version: backup.version,
        schema: backup.schema,
        workspaces,
        webhooks,
        events,
        waiting_deliveries: waiting,
      }
      present(
        terminal,
        options,
        told,
        () =>
          `Restored into ${config.dataDir} what was there at ${told.made_at}.\n${holding(backup.counts)}\nStart the server on it: it goes on with those deliveries.\n`,
      )
    })
  withJson(command)
  withExamples(command, [
    [
      "Into a new directory, with the key that is kept apart",
      "mkdir -m 700 new && cp safe/encryption.key new/\nTOCSIN_DATA_DIR=new tocsin restore tocsin-2026-01-31.db",
    ],
    ["A backup made with --include-key", "TOCSIN_DATA_DIR=new tocsin restore vault/tocsin.db"],
  ])
}

/**
 * What is written beside the database. A key that is given or there already goes before the backup's own.
 * @throws Failed when no key opens what is sealed
 */
function filesFor(backup: OpenBackup, config: Config): Readonly<Record<string, string>> {
  const { [encryptionKeyFile]: included, ...others } = backup.files
  const there = join(config.dataDir, encryptionKeyFile)
  const text = existsSync(there) ? readFileSync(there, "utf8") : included
  const keys = config.encryptionKeys ?? (text === undefined ? null : keysOf(text, there))
  refuseSealed(backup, keys, there)
  return config.encryptionKeys === null && text !== undefined ? { ...others, [encryptionKeyFile]: text } : others
}

function refuseSealed({ sealed }: OpenBackup, keys: Keys | null, path: string): void {
  if (sealed.length === 0) return
  const notDone = "Nothing was restored"
  const remedy = `Put the encryption.key of the server that was backed up at ${path}, or set TOCSIN_ENCRYPTION_KEY to its key`
  if (keys === null) throw new Failed(`The backup holds sealed secrets and no encryption key. ${notDone}. ${remedy}.`)
  refuseOtherKeys(sealed, keys, { secrets: "The backup's secrets", notDone, remedy })
}
