import { type CallOptions, Connection, type ConnectionOptions } from "./http/connection.ts"
import type { EventStreamOptions } from "./http/event-stream.ts"
import { activityStream } from "./resources/activity-stream.ts"
import { ApiKeys } from "./resources/api-keys.ts"
import { AuditLog } from "./resources/audit-log.ts"
import { Deliveries } from "./resources/deliveries.ts"
import { EventTypes } from "./resources/event-types.ts"
import { Events } from "./resources/events.ts"
import { Replays } from "./resources/replays.ts"
import { Sessions } from "./resources/sessions.ts"
import { Webhooks } from "./resources/webhooks.ts"
import { Workspaces } from "./resources/workspaces.ts"
import type { Activity } from "./wire/activity.ts"
import type { KeyRotation } from "./wire/key-rotation.ts"
import type { Overview } from "./wire/overview.ts"

export type TocsinOptions = ConnectionOptions

/**
 * Tocsin's API. Answers are shaped as on the wire. A refusal throws `TocsinProblem`, no answer `TocsinUnreachable`;
 * what may pass is tried again first (429, 503, the network), where that cannot do something twice.
 */
export class Tocsin {
  readonly workspaces: Workspaces
  readonly apiKeys: ApiKeys
  readonly webhooks: Webhooks
  readonly events: Events
  readonly deliveries: Deliveries
  readonly replays: Replays
  readonly eventTypes: EventTypes
  readonly auditLog: AuditLog
  readonly sessions: Sessions
  readonly #connection: Connection

  constructor(options: TocsinOptions) {
    this.#connection = new Connection(options)
    this.workspaces = new Workspaces(this.#connection)
    this.apiKeys = new ApiKeys(this.#connection)
    this.webhooks = new Webhooks(this.#connection)
    this.events = new Events(this.#connection)
    this.deliveries = new Deliveries(this.#connection)
    this.replays = new Replays(this.#connection)
    this.eventTypes = new EventTypes(this.#connection)
    this.auditLog = new AuditLog(this.#connection)
    this.sessions = new Sessions(this.#connection)
  }

  /** The workspace's last hour, and its webhooks in trouble. */
  overview({ signal }: CallOptions = {}): Promise<Overview> {
    return this.#connection.object({ method: "GET", path: "/v1/overview", repetition: "repeatable", signal })
  }

  /** Changes the key that seals secrets at rest, and seals all of them anew. With the admin key. */
  rotateEncryptionKey({ signal }: CallOptions = {}): Promise<KeyRotation> {
    return this.#connection.object({
      method: "POST",
      path: "/v1/encryption-key/rotation",
      // Tried again it would make one more key, which harms nothing but is not what was asked for.
      repetition: "once",
      signal,
    })
  }

  /** The server's OpenAPI 3.1 document. */
  openapi({ signal }: CallOptions = {}): Promise<{ readonly [name: string]: unknown }> {
    return this.#connection.object({ method: "GET", path: "/openapi.json", repetition: "repeatable", signal })
  }

  /**
   * Events and attempts as they happen: `for await (const activity of tocsin.stream({ signal }))`. It reconnects by
   * itself, but what happens between `onDisconnected` and `onConnected` is in the lists alone: read them again in the latter.
   */
  stream(options: EventStreamOptions = {}): AsyncGenerator<Activity, void, void> {
    return activityStream(this.#connection, options)
  }
}
