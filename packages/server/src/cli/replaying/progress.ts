import type { Replay, Tocsin } from "@tocsin/client"

const pageMax = 200
/** Beyond it a bar would cost more requests than it is worth; figures alone are shown. */
const countedMax = 10_000

/** How many events a replay will look at, as far as they are counted; null when there are more. */
export async function countUpTo(
  tocsin: Tocsin,
  { from, to }: Pick<Replay, "from" | "to">,
  signal: AbortSignal,
): Promise<number | null> {
  let count = 0
  for await (const { data, next_cursor } of tocsin.events.list({ from, to, limit: pageMax }, { signal }).pages()) {
    count += data.length
    if (count >= countedMax && next_cursor !== null) return null
  }
  return count
}

const barMax = 40

/** How far a replay is, in a line: a bar where the end is known. */
export function progressText({ progress, state }: Replay, total: number | null, columns: number): string {
  const { examined, enqueued } = progress
  const figures = `${examined}${total === null ? "" : ` of ${Math.max(total, examined)}`} examined, ${enqueued} queued`
  if (total === null) return figures
  const share = state === "completed" || total === 0 ? 1 : Math.min(1, examined / total)
  const width = Math.max(10, Math.min(barMax, columns - figures.length - 12))
  const done = Math.round(share * width)
  return `${"█".repeat(done)}${"░".repeat(width - done)} ${String(Math.floor(share * 100)).padStart(3)} %  ${figures}`
}
