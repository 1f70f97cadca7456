import type { CallOptions, Connection, Query } from "./connection.ts"

/** A page of a list, as the API answers it. */
export type Page<Item> = {
  readonly data: readonly Item[]
  /** To pass as `cursor`; null on the last page. */
  readonly next_cursor: string | null
}

export type PageQuery = {
  /** Items a page, 1 to 200; the server's default is 50. */
  readonly limit?: number | undefined
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined
}

/**
 * A list that is read as it is walked: `for await (const item of list)` goes through all pages, `page()` fetches one.
 * Newest first, so items that come in meanwhile are not seen. Each walk starts anew.
 */
export class Listing<Item> implements AsyncIterable<Item> {
  readonly #fetchPage: (cursor: string | undefined) => Promise<Page<Item>>
  readonly #cursor: string | undefined

  constructor(connection: Connection, path: string, query: Query & PageQuery, { signal }: CallOptions) {
    this.#cursor = query.cursor
    this.#fetchPage = (cursor) =>
      connection.object({ method: "GET", path, query: { ...query, cursor }, repetition: "repeatable", signal })
  }

  /** The page at the query's `cursor`; without one, the first. */
  page(): Promise<Page<Item>> {
    return this.#fetchPage(this.#cursor)
  }

  async *pages(): AsyncGenerator<Page<Item>, void, void> {
    let cursor = this.#cursor
    do {
      const page = await this.#fetchPage(cursor)
      yield page
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    for await (const page of this.pages()) yield* page.data
  }
}
