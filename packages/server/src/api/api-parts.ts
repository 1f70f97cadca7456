import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox"
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyServerOptions,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify"
import type { RateLimiterAbstract } from "rate-limiter-flexible"
import type { Intake } from "../accept/intake.ts"
import type { OwnSchemas } from "../accept/own-schemas.ts"
import type { Probe } from "../dispatch/probe.ts"
import type { Replaying } from "../dispatch/replaying.ts"
import type { IdMint, WebhookId, WorkspaceId } from "../domain/ids.ts"
import type { Clock } from "../ports/clock.ts"
import type { Random } from "../ports/random.ts"
import type { Store } from "../ports/store.ts"
import type { KeyRotation } from "../registry/key-rotation.ts"
import type { Registry } from "../registry/registry.ts"
import type { Sealer } from "../secrets/sealing.ts"
import type { ActivityFeed } from "./stream/activity-feed.ts"
import type { WorkspaceCaps } from "./workspace-caps.ts"

/** A limiter of rate-limiter-flexible that other nodes count in as well. */
export type SharedLimiter = (points: number, durationSeconds: number) => RateLimiterAbstract

/** A part of the server whose health `/readyz` reports. `check`: null when well, else why not. */
export type HealthCheck = { readonly name: string; check(): Promise<string | null> }

export type ApiParts = {
  readonly store: Store
  readonly registry: Registry
  readonly intake: Pick<Intake, "accept">
  readonly ownSchemas: Pick<OwnSchemas, "registration">
  readonly probe: Pick<Probe, "test" | "verify" | "underWay">
  /** Tells the dispatcher that a webhook may have something to send. */
  readonly wake: (webhookId: WebhookId, workspaceId: WorkspaceId) => void
  readonly keyRotation: Pick<KeyRotation, "rotate">
  /** Runs a stored replay job in the background. */
  readonly replaying: Pick<Replaying, "run">
  readonly clock: Clock
  readonly random: Random
  readonly mint: IdMint
  /** SHA-256 of the instance's admin key, hex. */
  readonly adminKeyHash: string
  readonly version: string
  /** Why a URL must not be sent to; null when it may. */
  readonly refusal: (url: string) => Promise<string | null>
  readonly limits: {
    readonly managementRequestsPerSecond: number
    readonly perWorkspace: WorkspaceCaps
    /** Counts over all nodes; without it, each process counts for itself. */
    readonly shared?: SharedLimiter
  }
  readonly logger: FastifyBaseLogger
  readonly trustProxy?: NonNullable<FastifyServerOptions["trustProxy"]>
  /** Seals session cookies, with a key of its own; without it, sessions end with the process. */
  readonly sessionSealing?: Pick<Sealer, "seal" | "open">
  /** Where the built dashboard lies; null: this process serves none. */
  readonly dashboardDir?: string | null
  /** Tells `/v1/stream` what happens; its `settled` is to be the dispatcher's listener. */
  readonly feed?: ActivityFeed
  /** Told of each request that was answered, by its route as registered. */
  readonly onRequest?: (method: string, route: string, status: number, durationMs: number) => void
  /** The Prometheus text exposition. */
  readonly metricsText: () => Promise<string>
  readonly checks: readonly HealthCheck[]
}

/** Fastify with this API's schemas: what a route file is handed. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
