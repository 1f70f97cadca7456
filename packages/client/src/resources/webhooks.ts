import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { path } from "../http/path.ts"
import type { NewReplay, Replay } from "../wire/replay.ts"
import type {
  CreatedWebhook,
  NewWebhook,
  Probe,
  RecentAttempt,
  RevealedSecret,
  RotatedSecret,
  SecretRotation,
  StatsQuery,
  Verification,
  Webhook,
  WebhookChange,
  WebhookStats,
} from "../wire/webhook.ts"

export class Webhooks {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** @returns the webhook; with its secret, only this once, where that was generated. */
  create(webhook: NewWebhook, { signal }: CallOptions = {}): Promise<CreatedWebhook> {
    return this.#post("/v1/webhooks", webhook, signal)
  }

  list(query: PageQuery = {}, options: CallOptions = {}): Listing<Webhook> {
    return new Listing(this.#connection, "/v1/webhooks", query, options)
  }

  get(id: string, { signal }: CallOptions = {}): Promise<Webhook> {
    return this.#get(path`/v1/webhooks/${id}`, signal)
  }

  /** What is left out stays; null resets to the default. */
  update(id: string, change: WebhookChange, { signal }: CallOptions = {}): Promise<Webhook> {
    const body = JSON.stringify(change)
    return this.#connection.object({
      method: "PATCH",
      path: path`/v1/webhooks/${id}`,
      body,
      repetition: "once",
      signal,
    })
  }

  /** Cancels what is pending for it. */
  delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#connection.nothing({ method: "DELETE", path: path`/v1/webhooks/${id}`, repetition: "once", signal })
  }

  /** Sends a type's sample now, outside the queue; without a type, one that the webhook subscribes to. */
  test(id: string, test: { event_type?: string | undefined } = {}, { signal }: CallOptions = {}): Promise<Probe> {
    return this.#post(path`/v1/webhooks/${id}/test`, test, signal)
  }

  /** Sends the verification payload. Success verifies the webhook, and what was held for it is sent. */
  verify(id: string, { signal }: CallOptions = {}): Promise<Verification> {
    return this.#post(path`/v1/webhooks/${id}/verify`, {}, signal)
  }

  /** During the overlap `webhook-signature` carries both secrets' signatures. */
  rotateSecret(id: string, rotation: SecretRotation = {}, { signal }: CallOptions = {}): Promise<RotatedSecret> {
    return this.#post(path`/v1/webhooks/${id}/rotate-secret`, rotation, signal)
  }

  /** Needs the write scope, and is written to the audit log. */
  secret(id: string, { signal }: CallOptions = {}): Promise<RevealedSecret> {
    return this.#get(path`/v1/webhooks/${id}/secret`, signal)
  }

  stats(id: string, query: StatsQuery = {}, { signal }: CallOptions = {}): Promise<WebhookStats> {
    const at = path`/v1/webhooks/${id}/stats`
    return this.#connection.object({ method: "GET", path: at, query, repetition: "repeatable", signal })
  }

  /** The attempts of the newest deliveries (100 unless told), oldest first: for a plot. */
  async recentAttempts(
    id: string,
    query: { readonly deliveries?: number | undefined } = {},
    { signal }: CallOptions = {},
  ): Promise<readonly RecentAttempt[]> {
    const at = path`/v1/webhooks/${id}/attempts`
    const answer = await this.#connection.object<{ readonly data: readonly RecentAttempt[] }>({
      method: "GET",
      path: at,
      query,
      repetition: "repeatable",
      signal,
    })
    return answer.data
  }

  /** Starts a job that delivers past events again, with their first id and body. */
  replay(id: string, replay: NewReplay, { signal }: CallOptions = {}): Promise<Replay> {
    return this.#post(path`/v1/webhooks/${id}/replay`, replay, signal)
  }

  #get<Shape extends object>(at: string, signal: AbortSignal | undefined): Promise<Shape> {
    return this.#connection.object({ method: "GET", path: at, repetition: "repeatable", signal })
  }

  #post<Shape extends object>(at: string, content: object, signal: AbortSignal | undefined): Promise<Shape> {
    const body = JSON.stringify(content)
    return this.#connection.object({ method: "POST", path: at, body, repetition: "once", signal })
  }
}
