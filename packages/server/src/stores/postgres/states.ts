import type { StoredState } from "../../domain/delivery.ts"

/** The state column. Waiting is split: `fresh` ones are found by sequence alone, those waiting `again` also by time. */
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
export const buckets = ["pending", "retrying", "delivered", "exhausted", "expired", "cancelled"] as const
export type Bucket = (typeof buckets)[number]

export function bucket(stateCode: number, attempts: number): Bucket {
  const state = storedState(stateCode)
  if (state === "waiting") return attempts > 0 ? "retrying" : "pending"
  return state
}
