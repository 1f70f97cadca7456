import type { CallOptions, Connection } from "../http/connection.ts"
import { Listing, type PageQuery } from "../http/listing.ts"
import { path } from "../http/path.ts"
import type { Delivery, DeliveryDetail, DeliveryFilter } from "../wire/delivery.ts"

export class Deliveries {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  list(query: DeliveryFilter & PageQuery = {}, options: CallOptions = {}): Listing<Delivery> {
    return new Listing(this.#connection, "/v1/deliveries", query, options)
  }

  /** With its attempts. */
  get(id: string, { signal }: CallOptions = {}): Promise<DeliveryDetail> {
    return this.#connection.object({
      method: "GET",
      path: path`/v1/deliveries/${id}`,
      repetition: "repeatable",
      signal,
    })
  }

  /** Sends it again, now. One that had ended gets a fresh window and a fresh budget of attempts. */
  retry(id: string, { signal }: CallOptions = {}): Promise<Delivery> {
    const at = path`/v1/deliveries/${id}/retry`
    return this.#connection.object({ method: "POST", path: at, body: "{}", repetition: "once", signal })
  }
}
