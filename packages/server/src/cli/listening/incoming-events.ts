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
  const { signal } = options
  const waiting: Incoming[] = []
  const seen = new Set<string>()
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

  const failed = (error: unknown) => wake.reject(error)
  let connections = 0
  const streaming = async () => {
    const onConnected = () => {
      connections += 1
      options.onConnected(connections > 1)
      // Also after the first: between the look for the newest and the stream's beginning lies a moment.
      look().catch(failed)
    }
    for await (const activity of tocsin.stream({ signal, onConnected })) {
      if (activity.kind === "event") add(activity.event)
    }
  }
  streaming().catch(failed)
  const looking = setInterval(() => {
    // A failed look is no reason to end: the stream tells what is lasting, and the next look finds the same.
    if (connections > 0) look().catch(() => {})
  }, options.lookEveryMs ?? lookEveryDefaultMs)
  try {
    for (;;) {
      await wake.promise
      wake = Promise.withResolvers()
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next
    }
  } finally {
    clearInterval(looking)
    // Whatever still fails fails unheard.
    wake.promise.catch(() => {})
  }
}

/** The present end of the list: what is older is not asked for. @returns when it was accepted. */
async function newestOf(tocsin: Tocsin, seen: Set<string>, signal: AbortSignal): Promise<string | null> {
  const { data } = await tocsin.events.list({ limit: pageMax }, { signal }).page()
  for (const { id } of data) seen.add(id)
  return data[0]?.accepted ?? null
}
