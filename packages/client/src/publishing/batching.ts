import { TocsinProblem } from "../http/tocsin-problem.ts"
import type { Events } from "../resources/events.ts"
import type { Publication, Receipt } from "../wire/event.ts"
import { newIdempotencyKey, publicationText, textOf } from "./publication-text.ts"

export type BatchingOptions = {
  /** A batch is sent when it holds so many events: 1 to 1000; 100 unless told. */
  readonly maxEvents?: number | undefined
  /** Or when its first event has waited so long; 20 unless told. */
  readonly maxWaitMs?: number | undefined
  /** Or when it would grow past so many bytes; 4 MiB unless told. The server takes 5. */
  readonly maxBytes?: number | undefined
}

export type Batching = {
  /** Like `events.publish`: resolves once this event is durable, and throws what concerns this event. */
  publish(publication: Publication): Promise<Receipt>
  /** Sends what waits, and resolves when all that was given before has been answered, well or badly. */
  flush(): Promise<void>
}

type Waiting = {
  readonly publication: Publication
  readonly bytes: number
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (failure: unknown) => void
}

/**
 * Gathers events into batches, for publishers with many: one request and one commit for a hundred events in place of a
 * hundred. Batches go one after the other, so events are accepted in the order in which they were given.
 */
export function batching(events: Pick<Events, "publish" | "publishBatch">, options: BatchingOptions = {}): Batching {
  const { maxEvents = 100, maxWaitMs = 20, maxBytes = 4 * 1024 * 1024 } = options
  if (!Number.isInteger(maxEvents) || maxEvents < 1 || maxEvents > 1000) {
    throw new RangeError(`maxEvents is ${maxEvents}. Give it 1 to 1000: the server takes no larger batch.`)
  }
  let gathering: Waiting[] = []
  let gatheredBytes = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let sending: Promise<void> = Promise.resolve()

  function send(): void {
    clearTimeout(timer)
    timer = undefined
    if (gathering.length === 0) return
    const batch = gathering
    gathering = []
    gatheredBytes = 0
    sending = sending.then(() => settle(events, batch))
  }

  async function flush(): Promise<void> {
    send()
    await sending
  }

  return {
    publish(publication) {
      return new Promise((resolve, reject) => {
        const frozen = withText(publication)
        const bytes = new TextEncoder().encode(publicationText(frozen)).length + 1
        if (gathering.length > 0 && gatheredBytes + bytes > maxBytes) send()
        gathering.push({ publication: frozen, bytes, resolve, reject })
        gatheredBytes += bytes
        if (gathering.length >= maxEvents) send()
        else timer ??= setTimeout(send, maxWaitMs)
      })
    },
    flush,
  }
}

/** As it is at this moment, whatever its owner does to the object before the batch is sent; and with its key for good. */
function withText({ data, dataText, ...fields }: Publication): Publication {
  const idempotency_key = fields.idempotency_key ?? newIdempotencyKey()
  return { ...fields, idempotency_key, dataText: dataText ?? textOf(data) }
}

/** Never rejects: each event's failure is its publisher's. */
async function settle(events: Pick<Events, "publish" | "publishBatch">, batch: readonly Waiting[]): Promise<void> {
  const [only, ...others] = batch
  if (only === undefined) return
  try {
    if (others.length === 0) return only.resolve(await events.publish(only.publication))
    const receipts = await events.publishBatch(batch.map(({ publication }) => publication))
    batch.forEach(({ resolve, reject }, at) => {
      const receipt = receipts[at]
      if (receipt === undefined) reject(new Error("The server gave fewer receipts than it was sent events."))
      else resolve(receipt)
    })
  } catch (failure) {
    if (others.length === 0 || !concernsContent(failure)) {
      for (const { reject } of batch) reject(failure)
      return
    }
    // All or none: one bad event refused the others. Halving finds it in a few requests, in order; the rest pass.
    const middle = Math.ceil(batch.length / 2)
    await settle(events, batch.slice(0, middle))
    await settle(events, batch.slice(middle))
  }
}

/** Whether another content might be accepted; a wrong key or a server that is down refuses every half too. */
function concernsContent(failure: unknown): boolean {
  return failure instanceof TocsinProblem && [400, 409, 413, 422].includes(failure.status)
}
