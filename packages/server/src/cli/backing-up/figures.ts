import type { Figures } from "../showing/bar.ts"
import { counted } from "../showing/counted.ts"

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
  const kept = [counted(workspaces, "workspace"), counted(webhooks, "webhook"), counted(events, "event")]
  return `It holds ${kept.join(", ")} and ${counted(waiting, "delivery", "deliveries")} still to be made.`
}
