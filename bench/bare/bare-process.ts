/**
 * The bare path: all that an event must go through before its delivery counts (taken by HTTP, made durable, signed and
 * posted, its attempt made durable), with the libraries that Tocsin uses and its threads, and nothing else. It checks
 * nothing, routes nothing, keeps no order, tries nothing again, and has no sequence, log or statistics: what is left
 * between it and the limit no engine on these libraries can give.
 */
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Worker } from "node:worker_threads"
import { Compile } from "typebox/compile"
import { IdMint, pooledHex16 } from "../../packages/server/src/domain/ids.ts"
import { systemRandom } from "../../packages/server/src/system/system-random.ts"
import { type Tape, TapeReader } from "../../packages/server/src/threads/tape.ts"
import type { BareEvent, BareStore } from "./bare-store.ts"
import { Batch, type Event, Single, Task } from "./messages.ts"
import { openPostgresStore } from "./postgres-store.ts"
import { openSqliteStore } from "./sqlite-store.ts"

const tellEveryMs = 5

const task = Compile(Task).Parse(JSON.parse(process.argv[2] ?? "null"))
// Before the first wait: the benchmark may end while this one starts.
process.on("disconnect", () => process.exit(0))
const store = await open(task)
const posting = new Worker(new URL("./posting-worker.ts", import.meta.url), { workerData: task.receiverUrl })
const mint = new IdMint(pooledHex16((count) => systemRandom.bytes(count)))
let recorded = 0
let crossing: Tape = []

function open({ store: wanted }: Task): BareStore | Promise<BareStore> {
  return wanted.kind === "sqlite" ? openSqliteStore(wanted.directory) : openPostgresStore(wanted.url)
}

posting.on("message", (tape: Tape) => {
  const read = new TapeReader(tape)
  while (!read.ended()) void settle(read.text(), read.text())
})

async function settle(deliveryId: string, detail: string): Promise<void> {
  await store.settle(deliveryId, detail)
  recorded++
}

async function accept(events: readonly Event[]): Promise<void> {
  const nowMs = Date.now()
  const created = new Date(nowMs).toISOString()
  const rows = events.map(({ type, data }): BareEvent => {
    const id = `evt_${mint.next(nowMs)}`
    const webhook = data.violation.tags.environment
    return { id, deliveryId: `dlv_${mint.next(nowMs)}`, webhook, body: JSON.stringify({ id, type, created, data }) }
  })
  await store.accept(rows)
  if (crossing.length === 0) process.nextTick(cross)
  for (const { deliveryId, body } of rows) crossing.push(deliveryId, body)
}

function cross(): void {
  const posts = crossing
  crossing = []
  posting.postMessage(posts)
}

function take(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", async () => {
    const sent: unknown = JSON.parse(Buffer.concat(chunks).toString())
    const events = Batch.Check(sent) ? sent.events : Single.Check(sent) ? [sent] : null
    if (events !== null) await accept(events)
    response.writeHead(events === null ? 422 : 202, { "content-length": 0 })
    response.end()
  })
}

const server = createServer(take)
server.listen(0, "127.0.0.1")
await once(server, "listening")
const at = server.address()
if (typeof at !== "object" || at === null) throw new Error("the bare path has no address")
process.send?.({ address: `http://127.0.0.1:${at.port}` })
let told = 0
setInterval(() => {
  if (recorded === told) return
  told = recorded
  process.send?.({ recorded })
}, tellEveryMs)
