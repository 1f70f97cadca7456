import type { Posted } from "../load/signed-post.ts"

/** One delivery, as a peer's queue carries it. */
export type Job = { readonly id: string; readonly body: string }

export type WorkParts = {
  /** Of Redis or of a PostgreSQL database of its own. */
  readonly databaseUrl: string
  /** Signs and posts. @throws Error when no response came. */
  readonly post: (job: Job, attempt: number) => Promise<Posted>
  /** To be called once that many successful attempts are as durable as the peer makes them. */
  readonly recorded: (attempts: number) => void
}

export type Producer = {
  /** One by one, or all in the peer's way of adding many at once. Resolves once the peer has taken them. */
  add(jobs: readonly Job[]): Promise<void>
  close(): Promise<void>
}

/** What somebody would build on a queue in place of Tocsin: sign, post, retry with backoff, keep the attempts. */
export type Peer = {
  /** Makes queue and tables, and works until `stop`. */
  work(parts: WorkParts): Promise<{ stop(): Promise<void> }>
  produce(databaseUrl: string): Promise<Producer>
}

/** The same policy for all: Tocsin's default. */
export const attemptsMax = 15
export const firstDelayMs = 5_000

export function succeeded({ statusCode }: Posted): boolean {
  return statusCode >= 200 && statusCode < 300
}
