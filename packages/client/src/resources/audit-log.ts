import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import type { AuditEntry } from "../wire/audit-entry.ts"

export class AuditLog {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The workspace's; with the admin key, everything. */
  list(query: PageQuery = {}, options: CallOptions = {}): Listing<AuditEntry> {
    return new Listing(this.#connection, "/v1/audit-log", query, options)
  }
}
