import { WebhookRefused } from "../receiving/refusal.ts"

/** Collects a body that comes in pieces. @throws WebhookRefused `body_too_large`, without reading on. */
export async function readBounded(pieces: AsyncIterable<unknown>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const collected: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece
    if (!(bytes instanceof Uint8Array)) {
      throw new WebhookRefused("body_not_raw", "The request's stream gives something other than bytes.")
    }
    length += bytes.length
    if (length > bytesMax) throw new WebhookRefused("body_too_large", `The body is over ${bytesMax} bytes.`)
    collected.push(bytes)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const bytes of collected) {
    whole.set(bytes, at)
    at += bytes.length
  }
  return whole
}

/** A web stream as an iterable: Safari's are not. */
export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = stream.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
  } finally {
    reader.cancel().catch(() => {})
  }
}
