/** A delivery of `d` that retention keeps. `$1`: what ended before is past it. An end counts, not a beginning. */
export const deliveryStays = "(d.state IN (0, 2) OR coalesce(d.ended_ms, d.created_ms) >= $1)"

/** A delivery of `d` that lies in another day than its event: the condition of its index, word for word. */
export const ofOtherDay = "d.event_minted_ms / 86400000 <> d.minted_ms / 86400000"
