/** A string that cannot be mistaken for another kind of string. */
type Branded<Name extends string> = string & { readonly __brand: Name }

export type WorkspaceId = Branded<"WorkspaceId">
export type ApiKeyId = Branded<"ApiKeyId">
export type WebhookId = Branded<"WebhookId">
export type EventId = Branded<"EventId">
export type DeliveryId = Branded<"DeliveryId">
export type ReplayId = Branded<"ReplayId">
export type AuditId = Branded<"AuditId">

/**
 * Brands a string that is known to be an id of that kind: one read back from the store, or one from a request that
 * is about to be looked up (an unknown id then answers 404, so no form check is needed here).
 */
export function asId<Id extends Branded<string>>(text: string): Id {
  return text as Id
}

/** 32 hex digits that sort by the time they were minted. See `IdMint`. */
export type Unique = Branded<"Unique">

/** Sixteen random hex digits; injected so that a simulation mints the same ids from the same seed. */
export type RandomHex16 = () => string

/**
 * Ids run no further ahead of the clock than this, less than stores allow for when they look for a span of time among
 * ids. Once they kept the time that an hour set back had taken away: a replay of that hour left its events out.
 */
const aheadMaxMs = 5_000

/**
 * Mints unique, time-ordered values: 48 bits of milliseconds, a 16-bit counter, 64 random bits, in hex. Ids made of
 * them are inserted at the right edge of every index, and a list sorted by id is sorted by time. Within one process
 * they do not go backwards when the clock does, but for a jump that is too large to be ironed out.
 */
export class IdMint {
  #lastMs = 0
  #counter = 0
  /** The last millisecond in hex: under load many ids share one. */
  #time = ""
  readonly #randomHex16: RandomHex16

  constructor(randomHex16: RandomHex16) {
    this.#randomHex16 = randomHex16
  }

  next(nowMs: number): Unique {
    if (nowMs > this.#lastMs || nowMs < this.#lastMs - aheadMaxMs) this.#begin(nowMs)
    else if (++this.#counter > 0xffff) this.#begin(this.#lastMs + 1)
    return (this.#time + this.#counter.toString(16).padStart(4, "0") + this.#randomHex16()) as Unique
  }

  #begin(ms: number): void {
    this.#lastMs = ms
    this.#counter = 0
    this.#time = ms.toString(16).padStart(12, "0")
  }
}

/** So much is drawn and written as hex at once: a draw for each id took 2 µs of the 24 that an event costs. */
const drawnBytes = 1_024

/** @param bytes draws so many random bytes. */
export function pooledHex16(bytes: (count: number) => Uint8Array): RandomHex16 {
  let hex = ""
  let at = 0
  return () => {
    if (at === hex.length) {
      hex = Buffer.from(bytes(drawnBytes)).toString("hex")
      at = 0
    }
    at += 16
    return hex.slice(at - 16, at)
  }
}

/**
 * When an id was minted, Unix ms: ids end in a time-ordered value, 32 hex digits or the same as a UUID. An id of another
 * shape, which nothing here makes, is taken to be of the first day.
 */
export function mintedMs(id: string): number {
  const value = id.slice(id.lastIndexOf("_") + 1).replaceAll("-", "")
  return /^[0-9a-f]{32}$/.test(value) ? Number.parseInt(value.slice(0, 12), 16) : 0
}

/**
 * Writes a unique value as a UUID of version 7 (RFC 9562 §5.7): the counter loses its four low-order bits to the
 * version and variant fields, which are set as the RFC asks, so two values stay distinct by their random part.
 */
export function asUuidV7(unique: Unique): string {
  const variant = ((Number.parseInt(unique.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return `${unique.slice(0, 8)}-${unique.slice(8, 12)}-7${unique.slice(13, 16)}-${variant}${unique.slice(17, 20)}-${unique.slice(20)}`
}
