import { setTimeout as delay } from "node:timers/promises"
import { Tocsin } from "@tocsin/client"
import { openEndpoints } from "./endpoints.ts"
import { eventsTogether, pauseMsAfter } from "./everyday-events.ts"
import { playPast } from "./past.ts"

/** What a person looks around in: a workspace with webhooks that fare well and badly, and traffic that goes on. */
export type DashboardDemo = {
  /** Sign in with it. */
  readonly key: string
  /** Publishes as on any day until the signal. @param address of a server on the demo's data that may send to `127.0.0.1`. */
  readonly traffic: (address: string, signal: AbortSignal) => Promise<void>
  /** Closes the endpoints. */
  readonly close: () => Promise<void>
}

/** @param dataDir empty; afterwards a server can be started on it, with the last day behind it. */
export async function prepareDashboardDemo(
  dataDir: string,
  adminKey: string,
  signal: AbortSignal,
): Promise<DashboardDemo> {
  const endpoints = await openEndpoints(Date.now())
  const key = await playPast(dataDir, adminKey, endpoints, signal).catch(async (error: unknown) => {
    await endpoints.close()
    throw error
  })
  return {
    key,
    async traffic(address, signal) {
      const tocsin = new Tocsin({ baseUrl: address, apiKey: key })
      const types = (await tocsin.eventTypes.list({ limit: 200 }).page()).data
      while (!signal.aborted) {
        const events = eventsTogether(types, Date.now())
        await tocsin.events.publishBatch(events)
        await delay(pauseMsAfter(events.length, 0), undefined, { signal }).catch(() => {})
      }
    },
    close: endpoints.close,
  }
}
