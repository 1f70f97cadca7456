import { StringDecoder } from "node:string_decoder"
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib"

/** A response longer than this, as received or once decompressed, is not read to its end. */
export const responseBytesMax = 256 * 1024

/** How much of a response is kept for the log. */
const keptBytesMax = 16 * 1024

/** Told at most one of these, once. */
export type BodyOutcome = {
  complete(): void
  tooLarge(): void
  /** The bytes are not what `Content-Encoding` says. */
  undecodable(): void
}

type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>

/**
 * A response's body on its way in: counted, decompressed if need be, its beginning kept.
 *
 * No compression is ever asked for; a receiver that sends some all the same is understood. Memory stays bounded
 * without backpressure, because what is not yet decompressed is counted against the same limit as what is; that also
 * ends streams which decompress to nothing, for ever.
 */
export class ResponseBody {
  readonly #coding: string | null
  readonly #outcome: BodyOutcome
  readonly #kept: Buffer[] = []
  #keptBytes = 0
  #receivedBytes = 0
  #decodedBytes = 0
  #decoder: Decoder | null = null
  /** What is compressed has come to its end, which need not be that of the response: more bytes may follow. */
  #decoded = false
  #finished = false
  #ended = false

  /** @param coding the value of `Content-Encoding`; one that is unknown, or a list, leaves the body as it came. */
  constructor(coding: string | null, outcome: BodyOutcome) {
    this.#coding = coding === null ? null : coding.trim().toLowerCase()
    this.#outcome = outcome
  }

  take(chunk: Buffer): void {
    if (this.#ended) return
    this.#receivedBytes += chunk.length
    // Only when there are bytes: an empty body is no valid gzip, yet proxies label empty ones so.
    if (this.#coding !== null && this.#receivedBytes === chunk.length) this.#decoder = this.#openDecoder(chunk)
    if (this.#decoder === null) this.#keep(chunk)
    else if (!this.#decoded) this.#decoder.write(chunk)
    if (this.#receivedBytes > responseBytesMax) this.#end("tooLarge")
  }

  /** The last byte has been taken. */
  finish(): void {
    this.#finished = true
    if (this.#decoder === null || this.#decoded) this.#end("complete")
    else this.#decoder.end()
  }

  /** Whatever comes now is not wanted any more. */
  drop(): void {
    this.#ended = true
    this.#decoder?.destroy()
  }

  /** What was kept, as text: bytes that are no UTF-8, and NUL, which PostgreSQL cannot store, become U+FFFD. */
  text(): string {
    const bytes = this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept)
    if (bytes === undefined || bytes.length === 0) return ""
    // A character that the limit cut in two is left out; one that the receiver cut shows as such.
    const text = bytes.length < keptBytesMax ? bytes.toString("utf8") : new StringDecoder("utf8").write(bytes)
    return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text
  }

  #keep(chunk: Buffer): void {
    this.#decodedBytes += chunk.length
    const room = keptBytesMax - this.#keptBytes
    if (room <= 0) return
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk
    this.#keptBytes += part.length
    this.#kept.push(part)
  }

  #openDecoder(firstChunk: Buffer): Decoder | null {
    const decoder = decoderFor(this.#coding, firstChunk)
    if (decoder === null) return null
    decoder.on("data", (decoded: Buffer) => {
      if (this.#ended) return
      this.#keep(decoded)
      if (this.#decodedBytes > responseBytesMax) this.#end("tooLarge")
    })
    decoder.on("end", () => {
      this.#decoded = true
      if (this.#finished) this.#end("complete")
    })
    decoder.on("error", () => this.#end("undecodable"))
    return decoder
  }

  #end(how: keyof BodyOutcome): void {
    if (this.#ended) return
    this.drop()
    this.#outcome[how]()
  }
}

function decoderFor(coding: string | null, firstChunk: Buffer): Decoder | null {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return createGunzip()
    case "deflate":
      // RFC 9110 §8.4.1.2 means the zlib format, whose first byte ends in 8; many servers send it bare.
      return ((firstChunk[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw()
    case "br":
      return createBrotliDecompress()
    default:
      return null
  }
}
