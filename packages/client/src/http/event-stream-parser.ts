/** One message of a stream of server-sent events. */
export type StreamMessage = {
  /** The last id the stream has stated so far; empty when none. */
  readonly id: string
  /** `message` unless the stream names another. */
  readonly event: string
  readonly data: string
}

/** A line's end is CR LF, LF or CR; a CR at the end of what has come may be half of CR LF. */
const lineEnd = /\r\n|\n|\r(?!$)/

/**
 * Reads server-sent events from text that comes in pieces of any length, decoded without its byte order mark.
 * Source: WHATWG HTML, §9.2.6 "Interpreting an event stream".
 */
export class EventStreamParser {
  #rest = ""
  #event = ""
  #data: string[] = []
  #lastId: string
  #retryMs: number | null = null

  /** @param lastId of the connection before: it holds until the stream states another. */
  constructor(lastId = "") {
    this.#lastId = lastId
  }

  /** How long to wait before reconnecting; null where the stream does not say. */
  get retryMs(): number | null {
    return this.#retryMs
  }

  /** @returns the messages that this piece completes. */
  push(piece: string): StreamMessage[] {
    this.#rest += piece
    const messages: StreamMessage[] = []
    for (let end = lineEnd.exec(this.#rest); end !== null; end = lineEnd.exec(this.#rest)) {
      const line = this.#rest.slice(0, end.index)
      this.#rest = this.#rest.slice(end.index + end[0].length)
      if (line === "") this.#dispatch(messages)
      else this.#field(line)
    }
    return messages
  }

  #dispatch(messages: StreamMessage[]): void {
    if (this.#data.length > 0) {
      messages.push({ id: this.#lastId, event: this.#event || "message", data: this.#data.join("\n") })
    }
    this.#event = ""
    this.#data = []
  }

  #field(line: string): void {
    const colon = line.indexOf(":")
    if (colon === 0) return
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (name === "event") this.#event = value
    else if (name === "data") this.#data.push(value)
    else if (name === "id" && !value.includes("\0")) this.#lastId = value
    else if (name === "retry" && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value)
  }
}
