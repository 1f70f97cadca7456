import type { Listing, PageQuery } from "@tocsin/client"
import type { Command } from "commander"
import { wholeNumber } from "../reading/arguments.ts"

export type ListOptions = { readonly limit: number; readonly cursor?: string }

const pageMax = 200

/** `--limit` and `--cursor`. */
export function withPaging(command: Command): Command {
  return command
    .option("-n, --limit <count>", "how many at most, newest first", wholeNumber(1, 100_000), 50)
    .option("--cursor <cursor>", "go on where a list ended: its next_cursor")
}

export type Listed<Item> = { readonly data: readonly Item[]; readonly next_cursor: string | null }

/**
 * As many items as were asked for, over as many pages as that takes.
 *
 * @param list opens a list; only its first page is used.
 */
export async function listed<Item>(
  list: (query: PageQuery) => Listing<Item>,
  { limit, cursor }: ListOptions,
): Promise<Listed<Item>> {
  const data: Item[] = []
  let next: string | null | undefined = cursor
  do {
    // Pages end exactly where the list shall end, so that its cursor leads on from there.
    const page = await list({ limit: Math.min(pageMax, limit - data.length), ...(next && { cursor: next }) }).page()
    data.push(...page.data)
    next = page.next_cursor
  } while (next !== null && data.length < limit)
  return { data, next_cursor: next }
}
