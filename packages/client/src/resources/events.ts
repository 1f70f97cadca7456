import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { path } from "../http/path.ts"
import { publicationText } from "../publishing/publication-text.ts"
import type { Event, EventDetail, EventFilter, EventMatch, Publication, Receipt } from "../wire/event.ts"

export class Events {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Resolves once the event and its deliveries are durable. Safe to retry, and retried. */
  async publish(publication: Publication, { signal }: CallOptions = {}): Promise<Receipt> {
    const body = publicationText(publication)
    return this.#connection.object({ method: "POST", path: "/v1/events", body, repetition: "repeatable", signal })
  }

  /**
   * Publishes up to 1000 events (5 MiB) together: all or none.
   *
   * @returns receipts in the order of the publications.
   */
  async publishBatch(publications: readonly Publication[], { signal }: CallOptions = {}): Promise<readonly Receipt[]> {
    const answer = await this.#connection.object<{ readonly data: readonly Receipt[] }>({
      method: "POST",
      path: "/v1/events/batch",
      body: `{"events":[${publications.map(publicationText).join(",")}]}`,
      repetition: "repeatable",
      signal,
    })
    return answer.data
  }

  /** Without their data. */
  list(query: EventFilter & PageQuery = {}, options: CallOptions = {}): Listing<Event> {
    return new Listing(this.#connection, "/v1/events", query, options)
  }

  get(id: string, { signal }: CallOptions = {}): Promise<EventDetail> {
    return this.#connection.object({ method: "GET", path: path`/v1/events/${id}`, repetition: "repeatable", signal })
  }

  /** Which webhooks it went to, and why not to the others. */
  async matches(id: string, { signal }: CallOptions = {}): Promise<readonly EventMatch[]> {
    const answer = await this.#connection.object<{ readonly data: readonly EventMatch[] }>({
      method: "GET",
      path: path`/v1/events/${id}/matches`,
      repetition: "repeatable",
      signal,
    })
    return answer.data
  }
}
