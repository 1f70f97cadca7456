/** One process of a peer: its worker, or the producer that offers it the load. Told what to be by its argument. */
import { randomUUID } from "node:crypto"
import { Compile } from "typebox/compile"
import { inParallel } from "../load/in-parallel.ts"
import { envelopeFor } from "../load/payload.ts"
import { publishedAtOnce } from "../load/publishing.ts"
import { openPoster } from "../load/signed-post.ts"
import type { Peer, Producer } from "./peer.ts"
import { type PeerName, Publish, Task } from "./peer-messages.ts"

const task = Compile(Task).Parse(JSON.parse(process.argv[2] ?? "null"))
const publish = Compile(Publish)
const tellEveryMs = 5
const connections = 64

/** Loaded by need: each brings packages of its own. */
async function load(name: PeerName): Promise<Peer> {
  switch (name) {
    case "bullmq":
      return (await import("./bullmq.ts")).bullmq
    case "pg-boss":
      return (await import("./pg-boss.ts")).pgBoss
    case "graphile-worker":
      return (await import("./graphile-worker.ts")).graphileWorker
  }
}

async function beWorker(peer: Peer): Promise<void> {
  const poster = openPoster(task.receiverUrl, connections)
  let recorded = 0
  let told = 0
  await peer.work({
    databaseUrl: task.databaseUrl,
    post: ({ id, body }, attempt) => poster.post(id, attempt, body),
    recorded(attempts) {
      recorded += attempts
    },
  })
  setInterval(() => {
    if (recorded === told) return
    told = recorded
    process.send?.({ recorded })
  }, tellEveryMs)
}

async function beProducer(peer: Peer): Promise<void> {
  const producer = await peer.produce(task.databaseUrl)
  process.on("message", async (message) => {
    const { events, perRequest } = publish.Parse(message)
    await produce(producer, events, perRequest)
    process.send?.({ published: events })
  })
}

/** As fast as they are taken, with as many requests at once as Tocsin is sent. */
async function produce(producer: Producer, events: number, perRequest: number): Promise<void> {
  const body = envelopeFor(task.webhooks)
  await inParallel({ all: events, each: perRequest, atOnce: publishedAtOnce(perRequest) }, (from, count) =>
    producer.add(Array.from({ length: count }, (_, at) => ({ id: `evt_${randomUUID()}`, body: body(from + at) }))),
  )
}

// Before the first wait: the benchmark may end while this one starts.
process.on("disconnect", () => process.exit(0))
const peer = await load(task.peer)
await (task.role === "worker" ? beWorker(peer) : beProducer(peer))
process.send?.({ ready: true })
