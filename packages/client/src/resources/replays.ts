import type { CallOptions, Connection } from "../http/connection.ts"
import { path } from "../http/path.ts"
import type { Replay } from "../wire/replay.ts"

/** Started by `webhooks.replay`. */
export class Replays {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get(id: string, { signal }: CallOptions = {}): Promise<Replay> {
    return this.#connection.object({ method: "GET", path: path`/v1/replays/${id}`, repetition: "repeatable", signal })
  }

  /** What it has enqueued is still delivered. One that has ended stays as it is, so cancelling may be repeated. */
  cancel(id: string, { signal }: CallOptions = {}): Promise<Replay> {
    return this.#connection.object({
      method: "DELETE",
      path: path`/v1/replays/${id}`,
      repetition: "repeatable",
      signal,
    })
  }
}
