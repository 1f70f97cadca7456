import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Logger } from "pino"
import { RateLimiterMemory, RateLimiterPostgres } from "rate-limiter-flexible"
import manifest from "../package.json" with { type: "json" }
import type { SharedLimiter } from "./api/api-parts.ts"
import { buildApi } from "./api/app.ts"
import { ActivityFeed } from "./api/stream/activity-feed.ts"
import { workspaceCaps } from "./api/workspace-caps.ts"
import type { Config } from "./config.ts"
import { assembleEngine, type Engine } from "./engine.ts"
import type { Clock } from "./ports/clock.ts"
import type { DatabaseUse } from "./ports/metrics.ts"
import type { Poster } from "./ports/poster.ts"
import type { Sender } from "./ports/sender.ts"
import type { Store } from "./ports/store.ts"
import type { Tracing } from "./ports/tracing.ts"
import { Posting } from "./posting/posting.ts"
import { openThreadedPoster } from "./posting/thread/threaded-poster.ts"
import type { PostingThreadOptions } from "./posting-thread.ts"
import { KeyRotation } from "./registry/key-rotation.ts"
import { agreeOnAdminKey, agreeOnEncryptionKey } from "./secrets/agreed-keys.ts"
import {
  type AdminKey,
  adminKeyGiven,
  adminKeyIn,
  type EncryptionKeys,
  encryptionKeysGiven,
  encryptionKeysIn,
} from "./secrets/key-files.ts"
import { KeyRing } from "./secrets/key-ring.ts"
import { keyBytes, SealBroken } from "./secrets/sealing.ts"
import { openPostgresStore, type PostgresStore } from "./stores/postgres/open-postgres-store.ts"
import { openSqliteStore } from "./stores/sqlite/open-sqlite-store.ts"
import { faultLog } from "./system/fault-log.ts"
import { type Exposition, prometheus } from "./system/prometheus.ts"
import { systemClock } from "./system/system-clock.ts"
import { systemRandom } from "./system/system-random.ts"

/** Longer than nearly every attempt takes, shorter than the 30 s after which orchestrators kill. */
const drainMaxMs = 25_000
/** For requests under way. A client that takes longer, or never ends its request, does not hold up the stop. */
const requestsMaxMs = 5_000
const lastLineMs = 100
/** For spans not sent yet, while the store is closed. */
const lastSpansMs = 3_000
const dayMs = 86_400_000
const dashboardDir = fileURLToPath(new URL("../../dashboard/dist", import.meta.url))

export type Running = {
  readonly address: string
  readonly adminKey: AdminKey
  /** Stops accepting, lets attempts in flight finish (bounded), leaves the rest stored. */
  stop(): Promise<void>
}

/** What a server that plays another time than the present is given in place of the machine's own. */
export type Surroundings = { readonly clock: Clock; readonly sender: Sender; readonly store: Store }

/**
 * Starts the whole server: store, engine, API.
 *
 * @param surroundings left out: the machine's clock, the network, and the database that the settings name.
 * @throws Error of one line when a setting, a key or the database does not allow it.
 */
export async function serve(
  config: Config,
  logger: Logger,
  surroundings: Surroundings | null = null,
): Promise<Running> {
  // The store first: it refuses a second process before that one can make keys of its own.
  const figures = prometheus(manifest.version)
  const { store, cluster } = surroundings
    ? { store: surroundings.store, cluster: null }
    : await openStore(config, logger, figures)
  const poster = surroundings ? new Posting(surroundings.sender, surroundings.clock) : openPoster(config, logger)
  try {
    return await serveOn({ store, poster, clock: surroundings?.clock ?? systemClock }, cluster, config, logger, figures)
  } catch (error) {
    await Promise.all([store.close(), poster.close()])
    throw error
  }
}

function openPoster({ allowedTargets, deniedTargets, egressProxy }: Config, logger: Logger): Poster {
  const workerData: PostingThreadOptions = {
    allowedTargets: allowedTargets.setting,
    deniedTargets: deniedTargets.setting,
    egressProxy,
  }
  const thread = new URL("./posting-thread.ts", import.meta.url)
  return openThreadedPoster({ thread, workerData, onBroken: (reason) => endAtOnce(logger, reason) })
}

type Cluster = PostgresStore | null
type Parts = { readonly clock: Clock; readonly poster: Poster; readonly store: Store }

const whatDamageMeans = {
  sending: "Some of what waits to be sent, or is to be accepted, is not; the rest goes on.",
  looking: "Some of the log or of the statistics cannot be shown; deliveries go on.",
  removing: "Some of what is past its retention is not removed; deliveries go on.",
} as const

async function openStore(
  config: Config,
  logger: Logger,
  { onCommit, onDamaged }: Exposition,
): Promise<{ store: Store; cluster: Cluster }> {
  if (config.databaseUrl === null) {
    const onBroken = (reason: string) => endAtOnce(logger, reason)
    const damaged = (damagedFor: DatabaseUse, reason: string) => {
      onDamaged(damagedFor)
      logger.error({ dataDir: config.dataDir }, `${reason} ${whatDamageMeans[damagedFor]} Restore a backup.`)
    }
    const store = await openSqliteStore({ directory: config.dataDir, onBroken, onCommit, onDamaged: damaged })
    return { store, cluster: null }
  }
  const store = await openPostgresStore({
    url: config.databaseUrl,
    wholeDays: true,
    onCommit,
    onFault: (fault, what) => logger.warn({ err: fault }, what),
  })
  return { store, cluster: store }
}

/**
 * Ends the process, so that its supervisor starts another: one without storage, or that cannot send, would do nothing for
 * ever and still look alive. Nothing acknowledged is lost; what was in flight is sent again.
 */
function endAtOnce(logger: Logger, reason: string): void {
  logger.fatal(reason)
  // A terminal's log is written in the background: the line shall still be seen.
  setTimeout(() => process.exit(1), lastLineMs)
}

async function serveOn(
  { store, poster, clock }: Parts,
  cluster: Cluster,
  config: Config,
  logger: Logger,
  figures: Exposition,
): Promise<Running> {
  const { dataDir } = config
  const encryption = config.encryptionKeys
    ? encryptionKeysGiven(config.encryptionKeys)
    : encryptionKeysIn(dataDir, systemRandom.bytes(keyBytes))
  const keyRing = new KeyRing(encryption.keys)
  const ownAdminKey = config.adminKey
    ? adminKeyGiven(config.adminKey)
    : adminKeyIn(dataDir, systemRandom.bytes(keyBytes))
  const tracing = await tracingAsSet(config, logger)
  const feed = new ActivityFeed(clock, cluster?.relay ?? null)
  const engine: Engine = await assembleEngine({
    store,
    poster,
    clock,
    random: systemRandom,
    metrics: figures.metrics,
    sealing: keyRing,
    retentionMs: config.retentionDays * dayMs,
    onSettled: feed.settled,
    onPublished: feed.published,
    onFault: faultLog(logger, clock),
    tracing,
    ...(cluster && { cluster }),
  }).catch((error: unknown) => {
    throw error instanceof SealBroken ? otherEncryptionKey(cluster ? null : dataDir) : error
  })
  engine.registry.onWebhook((webhook) => poster.changed(webhook))
  if (cluster)
    await agreeOnEncryptionKey(cluster.agreeing, keyRing).catch((error: unknown) => {
      throw error instanceof SealBroken ? otherEncryptionKey(null) : error
    })
  figures.watch(engine.gauges)
  // Only now is it known that nothing was sealed with a lost one; and from now on something may be sealed with it.
  encryption.keep()
  const admin = cluster
    ? await agreeOnAdminKey(cluster.agreeing, ownAdminKey, config.adminKey !== null)
    : { ...ownAdminKey, giveBack: () => Promise.resolve() }
  const api = await buildApi({
    store,
    registry: engine.registry,
    intake: engine.intake,
    ownSchemas: engine.ownSchemas,
    probe: engine.probe,
    replaying: engine.replaying,
    wake: (webhookId, workspaceId) => engine.dispatcher.wake(workspaceId, webhookId),
    clock,
    random: systemRandom,
    mint: engine.mint,
    adminKeyHash: admin.hash,
    version: manifest.version,
    refusal: (url) => poster.refusal(url),
    limits: {
      managementRequestsPerSecond: 100,
      perWorkspace: workspaceCaps,
      ...(cluster && { shared: sharedLimiter(cluster) }),
    },
    logger,
    trustProxy: config.trustedProxies,
    feed,
    sessionSealing: keyRing.derived("tocsin dashboard session"),
    keyRotation: new KeyRotation(engine.registry, store, keyRing, keyMaker(encryption, keyRing)),
    dashboardDir,
    onRequest: figures.onRequest,
    metricsText: figures.text,
    checks: [
      { name: "store", check: () => store.ready() },
      { name: "poster", check: async () => poster.ready() },
      { name: "dispatcher", check: async () => (engine.running() ? null : "it is not running") },
    ],
  })
  const { host, port } = config
  // Before anything is sent: a start that fails must not have posted what it cannot record.
  await api.listen({ host, port }).catch(async (error: unknown) => {
    await admin.giveBack()
    throw cannotListen(host, port, error)
  })
  await engine.start()
  // Last: a key that was never shown must not be the one that counts.
  admin.keep()
  return {
    address: addressOf(host, api.server.address()),
    adminKey: admin,
    async stop() {
      const cut = setTimeout(() => api.server.closeAllConnections(), requestsMaxMs)
      const drained = engine.stop().then(() => true)
      const [, done] = await Promise.all([
        api.close().finally(() => clearTimeout(cut)),
        Promise.race([drained, delay(drainMaxMs, false, { ref: false })]),
      ])
      if (!done) {
        logger.warn({ inFlight: engine.dispatcher.inFlight() }, "attempts still in flight are left to the next start")
      }
      await Promise.all([store.close(), Promise.race([tracing?.close(), delay(lastSpansMs, null, { ref: false })])])
      // What is still out then can no longer be recorded: it is not waited for.
      await Promise.race([poster.close(), delay(done ? drainMaxMs : 0, null, { ref: false })])
    },
  }
}

/** Loaded only where it is asked for: otherwise nothing of it is in memory, or on the way of an event. */
async function tracingAsSet({ tracing }: Config, logger: Logger): Promise<Tracing | null> {
  if (tracing === null) return null
  const { openTracing } = await import("./system/open-telemetry.ts")
  return openTracing(tracing, manifest.version, (fault) => logger.warn({ err: fault }, "spans could not be sent"))
}

/** While the database is away each node counts for itself. */
function sharedLimiter({ counters }: PostgresStore): SharedLimiter {
  return (points, duration) =>
    new RateLimiterPostgres({
      storeClient: counters,
      storeType: "client",
      tableName: counters.table,
      tableCreated: true,
      keyPrefix: "management",
      points,
      duration,
      // One that is over its limit costs the database nothing more.
      inMemoryBlockOnConsumed: points + 1,
      insuranceLimiter: new RateLimiterMemory({ points, duration }),
    })
}

/** Null where the operator gives the keys. */
function keyMaker({ replace }: EncryptionKeys, keyRing: KeyRing): (() => void) | null {
  // In the file before anything is sealed with it.
  return replace && (() => keyRing.replace(replace(systemRandom.bytes(keyBytes))))
}

/** @param dataDir where the key would be; null with PostgreSQL, which all nodes are given it for. */
function otherEncryptionKey(dataDir: string | null): Error {
  if (dataDir === null)
    return new Error(
      "TOCSIN_ENCRYPTION_KEY: the nodes of this database and the secrets in it have another key. Set it to that key, the same on every node.",
    )
  return new Error(
    `TOCSIN_ENCRYPTION_KEY: the webhooks' secrets in the database were sealed with another key. Set it to that key, or restore ${join(dataDir, "encryption.key")} from your backup.`,
  )
}

function cannotListen(host: string, port: number, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error)
  return new Error(`TOCSIN_HOST, TOCSIN_PORT: cannot listen on ${host}, port ${port} (${reason}). Set them to others.`)
}

function addressOf(host: string, bound: AddressInfo | string | null): string {
  const port = typeof bound === "object" && bound !== null ? bound.port : 0
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
}
