/** Of the three webhooks that every patient has. */
export const orderings = ["strict", "by_key", "none"] as const
export type Ordering = (typeof orderings)[number]

/** Each with a key of its own. */
export const publishers = 4
