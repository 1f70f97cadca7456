import type { Bucket } from "../states.ts"

/** What is counted of a delivery or an attempt, as the changes of it that can happen. Minutes are those of the epoch. */
export type Entries = {
  /** A delivery of that minute was added, and took the webhook's next sequence. */
  added(webhook: number, minute: number): void
  /** A delivery of that minute went from one count to another. */
  moved(webhook: number, minute: number, from: Bucket, to: Bucket): void
  /** A delivery of that minute was removed, which was no longer waiting. */
  removed(webhook: number, minute: number, from: Bucket): void
  /**
   * An attempt was made in that minute.
   *
   * @param atMs when it was settled.
   * @param latencyStep see `latencyStep`; null for an attempt without a response.
   */
  attempted(webhook: number, minute: number, succeeded: boolean, atMs: number, latencyStep: number | null): void
}
