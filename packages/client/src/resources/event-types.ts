import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { path } from "../http/path.ts"
import type { EventType, EventTypeSettings, NewEventType } from "../wire/event-type.ts"

/** `tocsin`: the types in which Tocsin tells of its own work, which a webhook may subscribe to. */
export type EventTypeFilter = { readonly origin?: EventType["origin"] }

/** The catalogue: the profile's types and the workspace's own. */
export class EventTypes {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** By name; the types that may be published, unless those of another `origin` are asked for. */
  list(query: EventTypeFilter & PageQuery = {}, options: CallOptions = {}): Listing<EventType> {
    return new Listing(this.#connection, "/v1/event-types", query, options)
  }

  get(name: string, { signal }: CallOptions = {}): Promise<EventType> {
    const at = path`/v1/event-types/${name}`
    return this.#connection.object({ method: "GET", path: at, repetition: "repeatable", signal })
  }

  create(type: NewEventType, { signal }: CallOptions = {}): Promise<EventType> {
    const body = JSON.stringify(type)
    return this.#connection.object({ method: "POST", path: "/v1/event-types", body, repetition: "once", signal })
  }

  /** What is left out becomes empty. */
  replace(name: string, settings: EventTypeSettings, { signal }: CallOptions = {}): Promise<EventType> {
    const at = path`/v1/event-types/${name}`
    const body = JSON.stringify(settings)
    return this.#connection.object({ method: "PUT", path: at, body, repetition: "once", signal })
  }

  delete(name: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#connection.nothing({
      method: "DELETE",
      path: path`/v1/event-types/${name}`,
      repetition: "once",
      signal,
    })
  }
}
