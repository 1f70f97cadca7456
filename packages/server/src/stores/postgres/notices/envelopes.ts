import type { Owner } from "../ownership/owners.ts"
import { payloadMaxBytes, payloads } from "./payloads.ts"

/** Seals texts with a key that all nodes have, and opens what was sealed with it. */
export type Sealing = {
  seal(clear: string): string
  /** @throws Error when it was sealed with another key, or altered */
  open(sealed: string): string
}

/** Base64 takes a third more; key id, nonce and tag are some 50 bytes, the sender's id before them 17. */
export const clearMaxBytes = Math.floor((payloadMaxBytes * 3) / 4) - 100
/** Of the nodes that have come and gone. */
const sendersMax = 1_000

/**
 * What a node passes to another, sealed: to listen on a channel, or to notify on it, takes no right but to connect to the
 * database, which is less than to read events there, and far less than to have them sent.
 *
 * Each node seals with a key of its own, made for its id, and numbers what it seals for the other to take it once.
 */
export class Envelopes {
  readonly #nodeId: string
  readonly #sealingOf: (nodeId: string) => Sealing
  readonly #own: Sealing
  #count = 0
  /** By the id of the node that passes; the number that came last. */
  readonly #senders = new Map<string, { readonly sealing: Sealing; last: number }>()

  /** @param sealingOf a node's own, for all that know the common key. */
  constructor(nodeId: string, sealingOf: (nodeId: string) => Sealing) {
    this.#nodeId = nodeId
    this.#sealingOf = sealingOf
    this.#own = sealingOf(nodeId)
  }

  /** @returns payloads for the other node, which hold as many of the lines as fit. */
  sealed({ nodeId, tenure }: Owner, lines: readonly string[]): readonly string[] {
    return payloads("", lines, clearMaxBytes).map((clear) => {
      this.#count += 1
      return `${this.#nodeId} ${this.#own.seal(`${nodeId} ${tenure} ${this.#count}\n${clear}`)}`
    })
  }

  /** @returns the lines that were passed to this node in its present tenure, for the first time; none of anything else. */
  opened(payload: string, tenure: number): readonly string[] {
    const [senderId = "", sealed = ""] = payload.split(" ", 2)
    const known = this.#senders.get(senderId)
    const sealing = known?.sealing ?? this.#sealingOf(senderId)
    const [head = "", ...lines] = clearOf(sealing, sealed).split("\n")
    const [to, of, count] = head.split(" ")
    if (to !== this.#nodeId || of !== String(tenure)) return []
    if (Number(count) <= (known?.last ?? 0)) return []
    if (known) known.last = Number(count)
    else this.#remember(senderId, { sealing, last: Number(count) })
    return lines
  }

  #remember(senderId: string, sender: { readonly sealing: Sealing; last: number }): void {
    this.#senders.set(senderId, sender)
    if (this.#senders.size <= sendersMax) return
    for (const first of this.#senders.keys()) {
      this.#senders.delete(first)
      return
    }
  }
}

/** Empty for what does not open: by a node that has another key by now, or by nobody who has one. */
function clearOf(sealing: Sealing, sealed: string): string {
  try {
    return sealing.open(sealed)
  } catch {
    return ""
  }
}
