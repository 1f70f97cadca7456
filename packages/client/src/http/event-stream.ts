import type { Connection } from "./connection.ts"
import { EventStreamParser, type StreamMessage } from "./event-stream-parser.ts"
import { streamedText } from "./streamed-text.ts"
import { TocsinProblem, TocsinUnreachable } from "./tocsin-problem.ts"
import { wait } from "./waiting.ts"

export type EventStreamOptions = {
  /** Ends the stream: the loop over it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Silence after which the connection counts as dead, comments included; 60,000 unless told. */
  readonly idleTimeoutMs?: number | undefined
  /** Called whenever a connection is made: the first, and each that replaces a broken one. */
  readonly onConnected?: (() => void) | undefined
  /** Called whenever a connection that was made has ended, however it did; the next is on its way unless the stream ends. */
  readonly onDisconnected?: (() => void) | undefined
}

const reconnectFirstMs = 1_000
const reconnectLongestMs = 30_000

/**
 * Messages of a stream as they come, over as many connections as it takes: one that breaks is opened again, after the
 * last id that was received.
 *
 * @throws TocsinProblem when the server refuses (a wrong key, say); the signal's reason once it is aborted.
 */
export async function* eventStream(
  connection: Connection,
  path: string,
  options: EventStreamOptions,
): AsyncGenerator<StreamMessage, void, void> {
  const { signal } = options
  let lastId = ""
  let retryMs = reconnectFirstMs
  for (let failed = 0; ; failed++) {
    const parser = new EventStreamParser(lastId)
    let connected = false
    try {
      const response = await connection.openStream(path, lastId, signal)
      connected = true
      options.onConnected?.()
      for await (const text of streamedText(response, options.idleTimeoutMs, signal)) {
        for (const message of parser.push(text)) {
          failed = 0
          lastId = message.id
          yield message
        }
      }
    } catch (failure) {
      if (signal?.aborted || !mayPass(failure)) throw failure
    } finally {
      if (connected) options.onDisconnected?.()
    }
    retryMs = parser.retryMs ?? retryMs
    const grownMs = Math.min(retryMs * 2 ** failed, Math.max(retryMs, reconnectLongestMs))
    await wait(grownMs * (0.5 + Math.random() / 2), signal)
  }
}

function mayPass(failure: unknown): boolean {
  if (failure instanceof TocsinProblem) return failure.status === 429 || failure.status >= 500
  return failure instanceof TocsinUnreachable
}
