import type { Replay } from "@tocsin/client"

const barMax = 40

/** How far a replay is, in a line. */
export function progressText({ progress }: Replay, columns: number): string {
  const { examined, enqueued, share } = progress
  const figures = `${examined} examined, ${enqueued} queued`
  const width = Math.max(10, Math.min(barMax, columns - figures.length - 12))
  const done = Math.round(share * width)
  return `${"█".repeat(done)}${"░".repeat(width - done)} ${String(Math.floor(share * 100)).padStart(3)} %  ${figures}`
}
