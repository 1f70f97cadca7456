import type { Figures } from "../showing/bar.ts"

const megabyte = 1_000_000

export const inMegabytes: Figures = (done, total) =>
  `${(done / megabyte).toFixed(1)} of ${(total / megabyte).toFixed(1)} MB`

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
