import type { StoredState } from "../../domain/delivery.ts"

/**
 * The state column. Waiting is split in two: `fresh` deliveries are due since their acceptance and are found by
 * sequence alone; those waiting `again` (a retry, or reopened by a person) are also indexed by when they are due.
 * From 2 on are the ones a person looks for, so one partial index covers `state >= 2`.
 */
export const code = { fresh: 0, delivered: 1, again: 2, exhausted: 3, expired: 4, cancelled: 5 } as const

const states: readonly StoredState[] = ["waiting", "delivered", "waiting", "exhausted", "expired", "cancelled"]

export function storedState(stateCode: number): StoredState {
  const state = states[stateCode]
  if (state === undefined) throw new Error(`The database holds a delivery in an unknown state, ${stateCode}.`)
  return state
}

export function isWaiting(stateCode: number): boolean {
  return stateCode === code.fresh || stateCode === code.again
}

/** The columns of `webhook_minutes` that count deliveries. Held ones are counted as what they would be if sent. */
export type Bucket = "pending" | "retrying" | "delivered" | "exhausted" | "expired" | "cancelled"

export function isWaitingBucket(name: Bucket): boolean {
  return name === "pending" || name === "retrying"
}

export function bucket(stateCode: number, attempts: number): Bucket {
  const state = storedState(stateCode)
  if (state === "waiting") return attempts > 0 ? "retrying" : "pending"
  return state
}
