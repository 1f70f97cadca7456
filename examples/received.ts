import type { Request } from "express"

/** A delivery whose signature was right. */
export type Received = {
  readonly id: string
  readonly type: string
  /** Counts the tries of this delivery, from 1. */
  readonly attempt: number
  /** Per webhook, rises by one; null on a test. A gap means that something is missing. */
  readonly sequence: number | null
  /** The raw body, as it was signed. */
  readonly body: string
}

export type Handler = {
  /** Keeps the event. Throwing means "not now": the sender is told 503 and tries again. */
  verified(received: Received): void
  refused(because: string): void
}

/** Reads what every profile says in the same headers, but for their prefix. */
export function received(request: Request, prefix: string, id: unknown, type: unknown): Received {
  const sequence = request.get(`${prefix}-sequence`)
  return {
    id: String(id),
    type: String(type),
    attempt: Number(request.get(`${prefix}-attempt`)),
    sequence: sequence === undefined ? null : Number(sequence),
    body: String(request.body),
  }
}
