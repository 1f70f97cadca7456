import { hkdfSync } from "node:crypto"
import { mkdirSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Logger } from "pino"
import manifest from "../package.json" with { type: "json" }
import { buildApi } from "./api/app.ts"
import { ActivityFeed } from "./api/stream/activity-feed.ts"
import type { Config } from "./config.ts"
import { assembleEngine, type Engine } from "./engine.ts"
import type { Store } from "./ports/store.ts"
import { type AdminKey, adminKeyGiven, adminKeyIn, encryptionKeyIn } from "./secrets/key-files.ts"
import { sealerFor } from "./secrets/sealing.ts"
import { openSender } from "./send/undici-sender.ts"
import { openSqliteStore } from "./stores/sqlite/open-sqlite-store.ts"
import { prometheus } from "./system/prometheus.ts"
import { systemClock } from "./system/system-clock.ts"
import { systemRandom } from "./system/system-random.ts"

/** Longer than nearly every attempt takes, shorter than the 30 s after which orchestrators kill. */
const drainMaxMs = 25_000
const dayMs = 86_400_000
const keyBytes = 32
const dashboardDir = fileURLToPath(new URL("../../dashboard/dist", import.meta.url))

export type Running = {
  readonly address: string
  readonly adminKey: AdminKey
  /** Stops accepting, lets attempts in flight finish (bounded), leaves the rest stored. */
  stop(): Promise<void>
}

/**
 * Starts the whole server: store, engine, API.
 * @throws Error of one line when a setting, a key or the database does not allow it.
 */
export async function serve(config: Config, logger: Logger): Promise<Running> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  // The store first: it refuses a second process before that one can make keys of its own.
  const store = await openStore(config)
  try {
    return await serveOn(store, config, logger)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function openStore(config: Config): Promise<Store> {
  if (config.databaseUrl !== null) {
    throw new Error("TOCSIN_DATABASE_URL: PostgreSQL is not supported by this version; leave it unset")
  }
  return openSqliteStore({ directory: config.dataDir })
}

async function serveOn(store: Store, config: Config, logger: Logger): Promise<Running> {
  const { dataDir } = config
  const encryptionKey = config.encryptionKey ?? encryptionKeyIn(dataDir, systemRandom.bytes(keyBytes))
  const adminKey = config.adminKey ? adminKeyGiven(config.adminKey) : adminKeyIn(dataDir, systemRandom.bytes(keyBytes))
  const sender = openSender({ allowedTargets: config.allowedTargets })
  const figures = prometheus({ inFlight: () => engine.dispatcher.inFlight() })
  const feed = new ActivityFeed()
  const engine: Engine = await assembleEngine({
    store,
    sender,
    clock: systemClock,
    random: systemRandom,
    metrics: figures.metrics,
    sealing: sealerFor(encryptionKey),
    retentionMs: config.retentionDays * dayMs,
    onSettled: feed.settled,
    onFault: (fault, what) => logger.error({ err: fault }, what),
  })
  const api = await buildApi({
    store,
    registry: engine.registry,
    intake: engine.intake,
    probe: engine.probe,
    replaying: engine.replaying,
    wake: (webhookId, workspaceId) => engine.dispatcher.wake(workspaceId, webhookId),
    clock: systemClock,
    random: systemRandom,
    mint: engine.mint,
    adminKeyHash: adminKey.hash,
    version: manifest.version,
    refusal: (url) => sender.refusal(url),
    limits: { managementRequestsPerSecond: 100 },
    logger,
    feed,
    sessionSealing: sealerFor(sessionKey(encryptionKey)),
    dashboardDir,
    metricsText: figures.text,
    checks: [{ name: "store", check: () => store.ready() }],
  })
  await engine.start()
  await api.listen({ host: config.host, port: config.port })
  const address = addressOf(config.host, api.server.address())
  return {
    address,
    adminKey,
    async stop() {
      await api.close()
      const drained = engine.stop().then(() => true)
      if (!(await Promise.race([drained, delay(drainMaxMs, false, { ref: false })]))) {
        logger.warn({ inFlight: engine.dispatcher.inFlight() }, "attempts still in flight are left to the next start")
      }
      await store.close()
      await sender.close()
    },
  }
}

/** Of its own (RFC 5869), so that no sealed webhook secret can be passed off as a session. */
function sessionKey(encryptionKey: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", encryptionKey, "", "tocsin dashboard session", keyBytes))
}

function addressOf(host: string, bound: AddressInfo | string | null): string {
  const port = typeof bound === "object" && bound !== null ? bound.port : 0
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
}
