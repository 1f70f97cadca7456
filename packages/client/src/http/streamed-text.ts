import { TocsinUnreachable } from "./tocsin-problem.ts"

const idleTimeoutDefaultMs = 60_000

/**
 * A body's text as it comes. Ends with the body.
 *
 * @param idleTimeoutMs silence after which the connection counts as dead; 60,000 unless told.
 * @throws TocsinUnreachable when it breaks or falls silent; the signal's reason once it is aborted.
 */
export async function* streamedText(
  response: Response,
  idleTimeoutMs: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, void> {
  // Not `for await` over the body: Safari's streams cannot do that.
  const reader = response.body?.getReader()
  if (reader === undefined) return
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const read = await readWithin(reader, idleTimeoutMs ?? idleTimeoutDefaultMs)
      if (read.done) return
      yield decoder.decode(read.value, { stream: true })
    }
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw new TocsinUnreachable("The stream broke off.", { cause })
  } finally {
    // Also when whoever reads the stream leaves its loop.
    reader.cancel().catch(() => {})
  }
}

async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, idleTimeoutMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${idleTimeoutMs} ms`)), idleTimeoutMs)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } finally {
    clearTimeout(timer)
  }
}
