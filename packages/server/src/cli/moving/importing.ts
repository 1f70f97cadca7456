import { randomBytes } from "node:crypto"
import { join } from "node:path"
import Type from "typebox"
import { Compile } from "typebox/compile"
import { type Config, readConfig } from "../../config.ts"
import { historyKinds, type Importing, type MovedHistory } from "../../ports/moving.ts"
import { encryptionKeyName } from "../../secrets/agreed-keys.ts"
import { encryptionKeysIn, type Keys } from "../../secrets/key-files.ts"
import { KeyRing } from "../../secrets/key-ring.ts"
import { SealBroken, sealerFor } from "../../secrets/sealing.ts"
import { openPostgresImporting } from "../../stores/postgres/moving/importing.ts"
import { openSqliteImporting } from "../../stores/sqlite/moving/importing.ts"
import { refuseOtherKeys } from "../reading/sealed-secrets.ts"
import { Failed } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { type Say, withBar } from "../showing/bar.ts"
import { present } from "../showing/present.ts"
import { type Contents, historyIn, inspectExport } from "./reading-file.ts"
import { movedSummary, movedTo } from "./summary.ts"

/** What one commit takes: it is made durable, so few large ones; held in memory, so not too large. */
const batchMax = { records: 1_000, textLength: 4 * 1024 * 1024 }

export async function importFile(
  terminal: Terminal,
  file: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const config = readConfig(terminal.environment)
  const contents = await inspectExport(file, terminal.signal)
  const keys = keysFor(contents, config)
  const importing =
    config.databaseUrl === null ? openSqliteImporting(config.dataDir) : await openPostgresImporting(config.databaseUrl)
  try {
    await refuseKeyOfOthers(importing, keys[0])
    const sealedAnew = { ...contents, configuration: withKey(contents.configuration, keys) }
    await withBar(terminal, options, `Importing ${file}`, (say) =>
      importAll(file, sealedAnew, importing, terminal.signal, say),
    )
  } finally {
    await importing.close()
  }
  const told = movedTo(file, contents.workspaces, contents.counts)
  present(terminal, options, told, () => `Imported ${file}.\n${movedSummary(told)}`)
}

/** @throws Failed, with nothing to be seen in the database */
async function importAll(
  file: string,
  { workspaces, configuration, counts }: Contents,
  importing: Importing,
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  const taken = await importing.taken(workspaces)
  if (taken.length > 0) throw alreadyThere(taken)
  await importing.clear(workspaces)
  const total = historyKinds.reduce((sum, kind) => sum + counts[kind], 0)
  let done = 0
  for await (const batch of batches(historyIn(file))) {
    signal.throwIfAborted()
    await importing.put(batch)
    done += batch.length
    say(done, total)
    await new Promise(setImmediate)
  }
  const stored = await importing.counts(workspaces)
  for (const kind of historyKinds)
    if (stored[kind] !== counts[kind])
      throw new Failed(
        `The database holds ${stored[kind]} records of the kind ${kind}, the file ${counts[kind]}. Nothing of the import is shown. Stop what else writes to the database, and run it again.`,
      )
  signal.throwIfAborted()
  if ((await importing.finish(workspaces, configuration)) === "taken") throw alreadyThere(workspaces)
}

function alreadyThere(taken: readonly string[]): Failed {
  const shown = taken.length > 3 ? `${taken.slice(0, 3).join(", ")} and ${taken.length - 3} more` : taken.join(", ")
  return new Failed(
    `The database has or had already: ${shown}. Nothing was imported. Import into another database, or export single workspaces (--workspace) that it does not have.`,
  )
}

const Sealed = Compile(Type.Object({ sealed: Type.Union([Type.Null(), Type.String()]) }))

/**
 * The keys that the settings give, the present one first.
 * @throws Failed when one of the file's secrets was sealed with none of them
 */
function keysFor({ configuration }: Contents, config: Config): Keys {
  const sealed = configuration.flatMap((each) =>
    each.kind === "webhook" ? (Sealed.Parse(JSON.parse(each.record)).sealed ?? []) : [],
  )
  // A key that is only now made up opens nothing, and is not kept.
  const keys = config.encryptionKeys ?? encryptionKeysIn(config.dataDir, randomBytes(32)).keys
  if (sealed.length === 0) return keys
  refuseOtherKeys(sealed, keys, {
    secrets: "The webhooks' secrets in the file",
    notDone: "Nothing was imported",
    remedy:
      config.databaseUrl === null
        ? `Copy the other server's encryption.key to ${join(config.dataDir, "encryption.key")}, or set TOCSIN_ENCRYPTION_KEY to its key`
        : "Set TOCSIN_ENCRYPTION_KEY to the other server's key (a generated one is in its data directory, in encryption.key)",
  })
  return keys
}

/**
 * The secrets as the key seals them that is the present one here: the nodes of the database have that, and need not have the
 * other server's.
 */
function withKey(configuration: Contents["configuration"], keys: Keys): Contents["configuration"] {
  const ring = new KeyRing(keys)
  return configuration.map((each) => {
    if (each.kind !== "webhook") return each
    const record: unknown = JSON.parse(each.record)
    const { sealed } = Sealed.Parse(record)
    if (sealed === null || ring.isPresent(sealed)) return each
    return { ...each, record: JSON.stringify({ ...Object(record), sealed: ring.seal(ring.open(sealed)) }) }
  })
}

/** @throws Failed when the nodes of the database could not open what is sealed with this key: none of them would start again */
async function refuseKeyOfOthers(importing: Importing, present: Keys[0]): Promise<void> {
  const theirs = await importing.agreed(encryptionKeyName)
  if (theirs === null) return
  try {
    sealerFor(present).open(theirs)
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    throw new Failed(
      "The nodes of this database have another encryption key. Nothing was imported. Set TOCSIN_ENCRYPTION_KEY to theirs, a comma, and the other server's: what is imported is sealed with the first.",
      "failed",
      { cause: error },
    )
  }
}

async function* batches(records: AsyncIterable<MovedHistory>): AsyncGenerator<readonly MovedHistory[]> {
  let batch: MovedHistory[] = []
  let textLength = 0
  for await (const record of records) {
    batch.push(record)
    textLength += largestText(record)
    if (batch.length < batchMax.records && textLength < batchMax.textLength) continue
    yield batch
    batch = []
    textLength = 0
  }
  if (batch.length > 0) yield batch
}

function largestText(record: MovedHistory): number {
  switch (record.kind) {
    case "event":
      return record.body.length
    case "attempt":
      return record.detail.length
    case "audit":
      return record.record.length
    case "delivery":
    case "minute":
      return 0
  }
}
