import { accepted, covers, criteria } from "../domain/matching.ts"
import type { Attributes, Webhook } from "../domain/webhook.ts"

/** Finds the webhooks of a workspace that an event goes to, in the order of their creation. */
export type Routing = (type: string, attributes: Attributes) => readonly Webhook[]

/** A set of webhooks, by their position among those that subscribe to one type: 32 to a word. */
type Bits = Uint32Array

type TypeRouting = {
  readonly subscribers: readonly Webhook[]
  /** For each criterion: the subscribers that state it not (they pass whatever the value), and by accepted value. */
  readonly byCriterion: readonly { readonly silent: Bits; readonly byValue: ReadonlyMap<string, Bits> }[]
}

/**
 * Ten thousand webhooks with selective filters must not cost ten thousand comparisons an event: per event type and
 * criterion, the webhooks that accept a value are a bit set, and an event's are their intersection.
 */
export function compileRouting(webhooks: readonly Webhook[]): Routing {
  const byType = new Map<string, TypeRouting>()
  return (type, attributes) => {
    let routing = byType.get(type)
    if (!routing) {
      routing = compileType(webhooks.filter((webhook) => webhook.events.some((each) => covers(each, type))))
      byType.set(type, routing)
    }
    return route(routing, attributes)
  }
}

function compileType(subscribers: readonly Webhook[]): TypeRouting {
  const words = Math.ceil(subscribers.length / 32)
  return {
    subscribers,
    byCriterion: criteria.map(({ criterion }) => {
      const silent = new Uint32Array(words)
      const values = new Map<string, Bits>()
      subscribers.forEach((webhook, position) => {
        const states = accepted(webhook.filters, criterion)
        if (states === null) add(silent, position)
        else
          for (const value of states) {
            const bits = values.get(value) ?? new Uint32Array(words)
            values.set(value, bits)
            add(bits, position)
          }
      })
      // Both kinds pass: joined here once, so that an event needs one intersection per criterion.
      const byValue = new Map(
        [...values].map(([value, bits]) => [value, bits.map((word, at) => word | (silent[at] ?? 0))]),
      )
      return { silent, byValue }
    }),
  }
}

function add(bits: Bits, position: number): void {
  bits[position >>> 5] = (bits[position >>> 5] ?? 0) | (1 << (position & 31))
}

function route({ subscribers, byCriterion }: TypeRouting, attributes: Attributes): readonly Webhook[] {
  const passing: Bits[] = []
  criteria.forEach(({ attribute }, at) => {
    const value = attributes[attribute]
    const compiled = byCriterion[at]
    if (value === undefined || compiled === undefined) return
    passing.push((value === null ? undefined : compiled.byValue.get(value.toLowerCase())) ?? compiled.silent)
  })
  if (passing.length === 0) return subscribers
  const found: Webhook[] = []
  const words = Math.ceil(subscribers.length / 32)
  for (let at = 0; at < words; at++) {
    let word = 0xffffffff
    for (const bits of passing) word &= bits[at] ?? 0
    while (word !== 0) {
      const low = word & -word
      const webhook = subscribers[at * 32 + (31 - Math.clz32(low))]
      if (webhook) found.push(webhook)
      word ^= low
    }
  }
  return found
}
