import type { Settlement, Store } from "../../../src/ports/store.ts"
import { openMemoryStore } from "../../../src/stores/memory/open-memory-store.ts"
import type { VirtualClock } from "../../../src/system/virtual-clock.ts"
import { Channel } from "../process/channel.ts"
import type { Disk, Opener } from "./disk.ts"
import type { Fact, Writes } from "./fact.ts"

/** The memory store as a database server that any number of processes share and that survives them all. */
export function memoryDisk(clock: VirtualClock): Disk {
  const store = openMemoryStore()
  const channels = new Map<Opener, readonly Channel[]>()
  return {
    direct: store,
    open(opener) {
      // Reads do not wait for writes, as with a pool of connections.
      const writing = new Channel(clock, opener.lifeline, opener.latency)
      const reading = new Channel(clock, opener.lifeline, opener.latency)
      channels.set(opener, [writing, reading])
      const writes = told(store, opener)
      return new Proxy(store, {
        get(target, name) {
          const write = Reflect.get(writes, name)
          const member: unknown = write ?? Reflect.get(target, name)
          if (typeof member !== "function") return member
          const channel = write === undefined ? reading : writing
          return (...args: unknown[]) => channel.call(() => Reflect.apply(member, store, args))
        },
      })
    },
    crashed(opener, random) {
      for (const channel of channels.get(opener) ?? []) channel.cutShort(random)
      channels.delete(opener)
    },
    close() {},
  }
}

/** The writes, each telling what it has made durable. The memory store takes effect at the call. */
function told(store: Store, { onFact, onRefused, maySettle }: Opener): Writes {
  const tell = async <Answer>(answer: Promise<Answer>, fact: (answer: Answer) => Fact): Promise<Answer> => {
    const known = await answer
    onFact(fact(known))
    return known
  }
  return {
    accept: (acceptance) =>
      tell(store.accept(acceptance), (answer) => ({
        verb: "accept",
        events: acceptance.events.map((event) => ({ ...event, key: event.idempotency?.key ?? null })),
        answer,
      })),
    async settle(settlement) {
      if (maySettle(settlement.webhookId)) return tell(store.settle(settlement), () => settled(settlement))
      onRefused(settlement.deliveryId)
      return false
    },
    reopen: (workspaceId, id, nowMs) =>
      tell(store.reopen(workspaceId, id, nowMs), (webhookId) => ({ verb: "reopen", id, nowMs, webhookId })),
    cancelWaiting: (workspaceId, webhookId, atMs, limit) =>
      tell(store.cancelWaiting(workspaceId, webhookId, atMs, limit), (cancelled) => ({
        verb: "cancelWaiting",
        webhookId,
        cancelled,
        limit,
      })),
    configure: (changes, audit) =>
      tell(store.configure(changes, audit), (answer) => ({ verb: "configure", changes, answer })),
    enqueue: (enqueue) => tell(store.enqueue(enqueue), (sequences) => ({ verb: "enqueue", enqueue, sequences })),
    putReplay: (replay) => tell(store.putReplay(replay), () => ({ verb: "putReplay", replay })),
    forget: (past, limit) => tell(store.forget(past, limit), () => ({ verb: "forget", beforeMs: past.beforeMs })),
  }
}

function settled({ webhookId, deliveryId, atMs, next, attempt, windowFromMs }: Settlement): Fact {
  return {
    verb: "settle",
    webhookId,
    deliveryId,
    atMs,
    windowFromMs: windowFromMs ?? null,
    next,
    attempt: attempt && { ...attempt, errorCode: attempt.error?.code ?? null },
  }
}
