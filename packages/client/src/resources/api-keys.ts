import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { path } from "../http/path.ts"
import type { ApiKey, CreatedApiKey, NewApiKey } from "../wire/api-key.ts"

export class ApiKeys {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** @returns the key in the clear, shown only this once. */
  create(key: NewApiKey, { signal }: CallOptions = {}): Promise<CreatedApiKey> {
    const body = JSON.stringify(key)
    return this.#connection.object({ method: "POST", path: "/v1/api-keys", body, repetition: "once", signal })
  }

  /** Revoked ones included. */
  list(query: PageQuery = {}, options: CallOptions = {}): Listing<ApiKey> {
    return new Listing(this.#connection, "/v1/api-keys", query, options)
  }

  /** At once. */
  revoke(id: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#connection.nothing({ method: "DELETE", path: path`/v1/api-keys/${id}`, repetition: "once", signal })
  }
}
