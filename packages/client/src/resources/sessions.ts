import type { CallOptions, Connection } from "../http/connection.ts"
import type { Session } from "../wire/session.ts"

/** For pages: a cookie that no script can read takes the API key's place. Programs need none of this. */
export class Sessions {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Signs in: the cookie comes with the answer. */
  start(apiKey: string, { signal }: CallOptions = {}): Promise<Session> {
    const body = JSON.stringify({ api_key: apiKey })
    return this.#connection.object({ method: "POST", path: "/v1/session", body, repetition: "once", signal })
  }

  /** Who is calling, by cookie or by key. */
  current({ signal }: CallOptions = {}): Promise<Session> {
    return this.#connection.object({ method: "GET", path: "/v1/session", repetition: "repeatable", signal })
  }

  end({ signal }: CallOptions = {}): Promise<void> {
    return this.#connection.nothing({ method: "DELETE", path: "/v1/session", repetition: "repeatable", signal })
  }
}
