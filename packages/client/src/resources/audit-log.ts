import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import type { AuditEntry, AuditVerification } from "../wire/audit-entry.ts"

export class AuditLog {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The workspace's; with the admin key, everything. */
  list(query: PageQuery = {}, options: CallOptions = {}): Listing<AuditEntry> {
    return new Listing(this.#connection, "/v1/audit-log", query, options)
  }

  /** @param query with the admin key, which workspace's; a key's own otherwise. */
  verification(query: { workspace_id?: string } = {}, { signal }: CallOptions = {}): Promise<AuditVerification> {
    return this.#connection.object({
      method: "GET",
      path: "/v1/audit-log/verification",
      query,
      repetition: "repeatable",
      signal,
    })
  }
}
