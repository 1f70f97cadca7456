/** One HTTP/1.1 message as it came. */
export type Message = {
  /** The first line and the header fields, as they were written. */
  readonly head: string
  readonly body: Buffer
}

const headEnd = "\r\n\r\n"
const contentLength = /\r\ncontent-length: *(\d+)/i

/**
 * Cuts what a connection brings into messages, as little of HTTP as a load generator needs: whole messages of a stated
 * length (RFC 9112 §6.2). The generator shares two cores with what it measures, and with an HTTP library it took twice
 * as much of them (bench/LOG.md).
 */
export class MessageReader {
  readonly #take: (message: Message) => void
  #pending: Buffer | null = null

  constructor(take: (message: Message) => void) {
    this.#take = take
  }

  /** @throws Error when a message does not state its length. */
  push(chunk: Buffer): void {
    let rest = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = null
    while (rest.length > 0) {
      const end = rest.indexOf(headEnd)
      if (end === -1) break
      const head = rest.toString("latin1", 0, end)
      const from = end + headEnd.length
      const to = from + lengthOf(head)
      if (rest.length < to) break
      this.#take({ head, body: rest.subarray(from, to) })
      rest = rest.subarray(to)
    }
    if (rest.length > 0) this.#pending = rest
  }
}

function lengthOf(head: string): number {
  const stated = contentLength.exec(head)?.[1]
  if (stated === undefined) throw new Error(`a message without Content-Length: ${head.split("\r\n", 1)[0]}`)
  return Number(stated)
}
