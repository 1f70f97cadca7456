import type { Tocsin } from "@tocsin/client"

export type Incoming = { readonly id: string; readonly type: string }

export type IncomingOptions = {
  readonly signal: AbortSignal
  /** @param again whether there was a connection before. */
  readonly onConnected: (again: boolean) => void
  /** Between looks for events that the stream did not bring: accepted while it was broken, say. */
  readonly lookEveryMs?: number
}

const lookEveryDefaultMs = 15_000
/** Events with an earlier time may become visible this much later. */
const overlapMs = 10_000
const pageMax = 200
/** More than the overlap can bring again. */
const rememberedMax = 50_000

/**
 * A workspace's events from now on, each once: brought by the stream as they are accepted, and looked up in the list
 * after each gap of it.
 *
 * @throws TocsinProblem when the server refuses; the signal's reason once it is aborted.
 */
export async function* incomingEvents(tocsin: Tocsin, options: IncomingOptions): AsyncGenerator<Incoming, void, void> {
  // Ends the stream too when nobody takes events any more: it would keep the process, and connect again for ever.
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const waiting: Incoming[] = []
  const seen = new Set<string>()
  const failures: unknown[] = []
  let wake = Promise.withResolvers<void>()
  let since = await newestOf(tocsin, seen, signal)

  const add = (event: Incoming) => {
    if (seen.has(event.id)) return
    if (seen.size >= rememberedMax) for (const old of [...seen].slice(0, rememberedMax / 2)) seen.delete(old)
    seen.add(event.id)
    waiting.push({ id: event.id, type: event.type })
    wake.resolve()
  }

  /** Adds what the list has and the stream did not bring, oldest first. */
  const look = async () => {
    const missed: Incoming[] = []
    let newest: string | null = null
    const from = since === null ? undefined : new Date(Date.parse(since) - overlapMs).toISOString()
    for await (const event of tocsin.events.list({ from, limit: pageMax }, { signal })) {
      newest ??= event.accepted
      if (!seen.has(event.id)) missed.push(event)
    }
    for (const event of missed.reverse()) add(event)
    since = newest ?? since
  }

  // A failed look is no reason to end: the stream tells what is lasting, and the next look finds the same.
  const lookAgain = () => {
    look().catch(() => {})
  }

  let connections = 0
  const streaming = async () => {
    const onConnected = () => {
      connections += 1
      options.onConnected(connections > 1)
      // Also after the first: between the look for the newest and the stream's beginning lies a moment.
      lookAgain()
    }
    for await (const activity of tocsin.stream({ signal, onConnected })) {
      if (activity.kind === "event") add(activity.event)
    }
  }
  streaming().catch((error: unknown) => {
    // Kept, not thrown into a promise: whoever takes the events may be at work on one, and learns of it afterwards.
    failures.push(error)
    wake.resolve()
  })
  const looking = setInterval(() => {
    if (connections > 0) lookAgain()
  }, options.lookEveryMs ?? lookEveryDefaultMs)
  try {
    for (;;) {
      await wake.promise
      wake = Promise.withResolvers()
      if (failures.length > 0) throw failures[0]
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next
    }
  } finally {
    clearInterval(looking)
    ending.abort()
  }
}

/** The present end of the list: what is older is not asked for. @returns when it was accepted. */
async function newestOf(tocsin: Tocsin, seen: Set<string>, signal: AbortSignal): Promise<string | null> {
  const { data } = await tocsin.events.list({ limit: pageMax }, { signal }).page()
  for (const { id } of data) seen.add(id)
  return data[0]?.accepted ?? null
}
