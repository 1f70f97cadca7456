import type { CallOptions, Connection } from "../http/connection.ts"
import { linesOf } from "../http/lines.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { streamedText } from "../http/streamed-text.ts"
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

  /**
   * A workspace's whole log, oldest first, a record at a time: `for await (const line of tocsin.auditLog.export())`.
   * Each is the record's JSON as its hash covers it, with `hash` itself added (RFC 8785): keep it as it is, and the chain
   * can be checked without the server. `JSON.parse` makes it an `AuditEntry`.
   *
   * @param query with the admin key, which workspace's; a key's own otherwise.
   * @throws TocsinUnreachable when it breaks off; begin anew, since what came is not the whole.
   */
  async *export(
    query: { workspace_id?: string } = {},
    { signal }: CallOptions = {},
  ): AsyncGenerator<string, void, void> {
    const path = "/v1/audit-log/export"
    const response = await this.#connection.openLines({ method: "GET", path, query, repetition: "repeatable", signal })
    yield* linesOf(streamedText(response, undefined, signal))
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
