/**
 * A part of a list. A filter that few rows pass would make one query walk the whole history and keep every other
 * reader waiting: so a query looks at a bounded stretch of rows, and of bytes where it searches bodies, and the caller
 * asks again from `resumeBefore` until its page is full.
 */
export type Stride<Item> = {
  readonly items: readonly Item[]
  /** Null when the list has come to its end. */
  readonly resumeBefore: string | null
}

/** Rows that one query looks at: some 10 ms. */
export const strideRows = 5_000

/**
 * Bytes of bodies that one query searches: some 5 ms. With 4 MiB a text and bodies made to be slow to search (`aaaa…b`
 * in `aaaa…`) took 36.
 */
export const strideBytes = 2 * 1024 * 1024

/** Bodies up to this length cost little more to search than to count: their number bounds them. */
export const uncountedBytes = 512

/**
 * Fills a page from strides.
 *
 * @throws the signal's reason: nobody is there to get the rest
 */
export async function pageFrom<Item>(
  limit: number,
  before: string | null,
  signal: AbortSignal | undefined,
  stride: (limit: number, before: string | null) => Promise<Stride<Item>>,
): Promise<readonly Item[]> {
  const page: Item[] = []
  let from = before
  while (page.length < limit) {
    signal?.throwIfAborted()
    const { items, resumeBefore } = await stride(limit - page.length, from)
    page.push(...items)
    if (resumeBefore === null) break
    from = resumeBefore
  }
  return page
}
