import type { Figures } from "../showing/bar.ts"

const inMillions = (bytes: number) => (bytes / 1_000_000).toFixed(1)

export const megabytes = (sizeBytes: number) => `${inMillions(sizeBytes)} MB`

export const inMegabytes: Figures = (done, total) => `${inMillions(done)} of ${megabytes(total)}`

/** What a backup holds, in a sentence. */
export function holding({
  workspaces,
  webhooks,
  events,
  waiting,
}: {
  readonly workspaces: number
  readonly webhooks: number
  readonly events: number
  readonly waiting: number
}): string {
  return `It holds ${workspaces} workspaces, ${webhooks} webhooks, ${events} events and ${waiting} deliveries still to be made.`
}
