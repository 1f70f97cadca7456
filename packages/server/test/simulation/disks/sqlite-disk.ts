import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Store } from "../../../src/ports/store.ts"
import { describeFailure, failureOf } from "../../../src/stores/sqlite/failure.ts"
import { type Place, sqliteStoreOver } from "../../../src/stores/sqlite/store-over-threads.ts"
import { openCheckpointVerbs } from "../../../src/stores/sqlite/threads/checkpoint-verbs.ts"
import { type HotVerbs, openHotVerbs } from "../../../src/stores/sqlite/threads/hot-verbs.ts"
import { type LogVerbs, openLogVerbs } from "../../../src/stores/sqlite/threads/log-verbs.ts"
import type { Verbs } from "../../../src/stores/sqlite/threads/serve.ts"
import { decodeBatch, decodeReplies } from "../../../src/stores/sqlite/writes/tape.ts"
import { pageFrom } from "../../../src/stores/stride.ts"
import type { VirtualClock } from "../../../src/system/virtual-clock.ts"
import { Channel } from "../process/channel.ts"
import type { Disk, Opener } from "./disk.ts"
import { factOnTape } from "./fact.ts"

/** Nothing here outlives the machine anyway. */
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()
const databaseName = "tocsin.db"
const files = [databaseName, `${databaseName}-wal`]

type Opened = {
  readonly hot: HotVerbs
  readonly log: LogVerbs
  readonly checkpoint: ReturnType<typeof openCheckpointVerbs>
  readonly channels: readonly Channel[]
}

/**
 * The embedded store with its threads' verbs run on this thread, each at the end of a channel: the same SQL on a real
 * file, and nothing that the machine's scheduler decides. A crash leaves the files as a killed process does: the
 * database and the write-ahead log as they are at that moment.
 */
export function sqliteDisk(clock: VirtualClock): Disk {
  const root = mkdtempSync(join(place, "tocsin-simulation-"))
  let generation = 0
  let opened: Opened | null = null
  let reader: LogVerbs | null = null
  let directory = join(root, "0")
  mkdirSync(directory)
  migratedCopy(directory)

  function open(opener: Opener): Store {
    const hot = openHotVerbs({ directory, sizeMaxBytes: null })
    const log = openLogVerbs({ directory })
    const checkpoint = openCheckpointVerbs({ directory })
    const channel = () => new Channel(clock, opener.lifeline, opener.latency)
    const channels = [channel(), channel(), channel()] as const
    opened = { hot, log, checkpoint, channels }
    return sqliteStoreOver(
      {
        hot: at(channels[0], {
          ...hot,
          commit: (tape) => {
            const replies = hot.commit(tape)
            const operations = decodeBatch(tape)
            for (const [index, outcome] of decodeReplies(operations, replies).entries()) {
              const operation = operations[index]
              const fact = outcome.ok && operation !== undefined ? factOnTape(operation, outcome.value) : null
              if (fact !== null) opener.onFact(fact)
            }
            return replies
          },
        }),
        log: at(channels[1], log),
        checkpoint: at(channels[2], checkpoint),
      },
      { soon: opener.soon },
    )
  }

  function shut(): void {
    reader?.close(null)
    reader = null
    opened?.log.close(null)
    opened?.checkpoint.close(null)
    opened?.hot.close(null)
    opened = null
  }

  const direct = <Verb extends keyof LogVerbs & string>(verb: Verb, argument: Parameters<LogVerbs[Verb]>[0]) => {
    reader ??= openLogVerbs({ directory })
    // The verb's own argument, and its own answer.
    return reader[verb](argument as never) as ReturnType<LogVerbs[Verb]>
  }

  return {
    direct: {
      deliveries: (workspaceId, filter, { limit, before }) =>
        pageFrom(limit, before, undefined, async (most, from) =>
          direct("deliveries", { workspaceId, filter, page: { limit: most, before: from } }),
        ),
      attempts: async (workspaceId, id) => direct("attempts", { workspaceId, id }),
    },
    open,
    crashed(_opener, random) {
      for (const channel of opened?.channels ?? []) channel.cutShort(random)
      const next = join(root, String(++generation))
      mkdirSync(next)
      for (const name of files)
        if (existsSync(join(directory, name))) copyFileSync(join(directory, name), join(next, name))
      shut()
      rmSync(directory, { recursive: true })
      directory = next
    },
    close() {
      shut()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function at<Served extends Verbs>(channel: Channel, verbs: Served): Place<Served> {
  return {
    call: (verb, argument) =>
      channel.call(() => {
        try {
          // As over `postMessage`: the verb's own argument, and its own answer.
          return verbs[verb]?.(argument as never) as ReturnType<Served[typeof verb]>
        } catch (error) {
          throw failureOf(describeFailure(error))
        }
      }),
    close: async () => {},
  }
}

let migrated: Buffer | null = null

/** Migrating takes longer than a short run: it is done once, and the file kept. */
function migratedCopy(directory: string): void {
  migrated ??= migratedFile()
  writeFileSync(join(directory, databaseName), migrated)
}

/** Nothing of it stays: a worker thread that is ended has no moment of its own to clean up in. */
function migratedFile(): Buffer {
  const directory = mkdtempSync(join(place, "tocsin-simulation-"))
  try {
    openHotVerbs({ directory, sizeMaxBytes: null }).close(null)
    return readFileSync(join(directory, databaseName))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
