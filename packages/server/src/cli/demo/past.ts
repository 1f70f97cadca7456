import { pino } from "pino"
import { readConfig } from "../../config.ts"
import { type Clock, pause } from "../../ports/clock.ts"
import type { Sender } from "../../ports/sender.ts"
import { serve } from "../../serve.ts"
import { openMemoryStore } from "../../stores/memory/open-memory-store.ts"
import { openSqliteStore } from "../../stores/sqlite/open-sqlite-store.ts"
import { VirtualClock } from "../../system/virtual-clock.ts"
import { type Endpoints, typeOf } from "./endpoints.ts"
import { eventsTogether, pauseMsAfter } from "./everyday-events.ts"
import { furnish } from "./furnishing.ts"
import { writtenBehind } from "./written-behind.ts"

const hourMs = 3_600_000
/** A little more than the day that the dashboard looks back. */
const pastMs = 26 * hourMs
const waitingMax = 10_000

/**
 * Fills an empty data directory with the last day of a workspace: not with made-up figures, but by running the server
 * through that day, with its clock set back and then advanced. Only the endpoints are played.
 *
 * @returns the workspace's API key.
 * @throws the signal's reason.
 */
export async function playPast(
  dataDir: string,
  adminKey: string,
  endpoints: Endpoints,
  signal: AbortSignal,
): Promise<string> {
  const config = readConfig({ TOCSIN_PORT: "0", TOCSIN_DATA_DIR: dataDir, TOCSIN_ADMIN_KEY: adminKey })
  const clock = new VirtualClock(Date.now() - pastMs - hourMs / 60)
  const { store, waiting, written } = writtenBehind(openMemoryStore(), await openSqliteStore({ directory: dataDir }))
  const running = await serve(config, pino({ level: "silent" }), { clock, store, sender: senderTo(endpoints, clock) })
  const startMs = Date.now()
  try {
    const { key, tocsin, deeds } = await furnish(running.address, adminKey, endpoints.origin)
    const toDo = [...deeds]
    await clock.advance(startMs - (toDo[0]?.agoMs ?? 0) - clock.now())
    let types = (await tocsin.eventTypes.list({ limit: 200 }).page()).data
    while (clock.now() < Date.now()) {
      signal.throwIfAborted()
      for (let deed = toDo[0]; deed && startMs - deed.agoMs <= clock.now(); deed = toDo[0]) {
        await deed.act()
        toDo.shift()
        types = (await tocsin.eventTypes.list({ limit: 200 }).page()).data
      }
      const events = eventsTogether(types, clock.now())
      await tocsin.events.publishBatch(events)
      await clock.advance(pauseMsAfter(events.length, startMs - clock.now()))
      if (waiting() > waitingMax) await written()
    }
    return key
  } finally {
    // What is in flight ends in its own time, not in ours.
    const stopped = running.stop()
    await clock.advance(60_000)
    await stopped
  }
}

/** The demo's endpoints, as they answered then. */
function senderTo(endpoints: Endpoints, clock: Clock): Sender {
  return {
    async send({ url }) {
      const startedMs = clock.monotonic()
      const { status, afterMs, body } = endpoints.answer(url, clock.now())
      await pause(clock, afterMs)
      const headers = [["content-type", typeOf(body)]] as const
      return { durationMs: clock.monotonic() - startedMs, response: { status, headers, body }, failure: null }
    },
    refusal: async () => null,
    close: async () => {},
  }
}
