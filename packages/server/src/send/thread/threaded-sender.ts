import { Worker } from "node:worker_threads"
import type { Sender, SendRequest, SendResult } from "../../ports/sender.ts"
import type { Tape } from "../../threads/tape.ts"
import { workerHeap } from "../../threads/worker-heap.ts"
import { RequestWriter, readResults } from "./crossing.ts"
import type { FromThread, ThreadOptions, ToThread } from "./messages.ts"

export type ThreadedSenderOptions = ThreadOptions & {
  /**
   * Called once when the thread has ended without having been closed. What was under way never gets a result then: it may
   * have been sent or not, like whatever is in flight when a process is killed.
   */
  readonly onBroken: (reason: string) => void
}

/**
 * Opens a sender on a thread of its own: connections, TLS and what undici leaves to be collected are nearly half of what
 * a delivery costs the thread that decides (docs/decisions/0013).
 */
export function openThreadedSender(options: ThreadedSenderOptions): Sender {
  return new ThreadedSender(options)
}

type Asking = { readonly resolve: (refusal: string | null) => void; readonly reject: (error: Error) => void }

class ThreadedSender implements Sender {
  readonly #worker: Worker
  readonly #requests = new RequestWriter()
  readonly #sending = new Map<number, (result: SendResult) => void>()
  readonly #asking = new Map<number, Asking>()
  readonly #ended = Promise.withResolvers<void>()
  #crossing: Tape = []
  #lastId = 0
  #state: "open" | "closing" | "broken" = "open"

  constructor({ onBroken, ...workerData }: ThreadedSenderOptions) {
    this.#worker = new Worker(new URL("./sending-thread.ts", import.meta.url), {
      workerData,
      name: "sending-thread",
      resourceLimits: workerHeap,
    })
    let why = "it has ended"
    this.#worker.on("message", (message: FromThread) => this.#take(message))
    this.#worker.on("error", (error) => {
      why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    })
    this.#worker.on("exit", () => {
      this.#ended.resolve()
      for (const { reject } of this.#asking.values()) reject(closed())
      if (this.#state === "closing") return
      this.#state = "broken"
      onBroken(`The thread that sends has failed (${why}). Start the process again.`)
    })
  }

  send(request: SendRequest): Promise<SendResult> {
    // Not a failed attempt: the process is about to end, and the next one sends it.
    if (this.#state === "broken") return new Promise(() => {})
    if (this.#state === "closing") return Promise.resolve(unsent)
    // What is sent in the same turn of the event loop crosses together.
    if (this.#crossing.length === 0) process.nextTick(() => this.#cross())
    const id = ++this.#lastId
    this.#requests.write(this.#crossing, { id, request })
    return new Promise((resolve) => this.#sending.set(id, resolve))
  }

  refusal(url: string): Promise<string | null> {
    if (this.#state !== "open") return Promise.reject(closed())
    const id = ++this.#lastId
    this.#tell({ kind: "refusal", id, url })
    return new Promise((resolve, reject) => this.#asking.set(id, { resolve, reject }))
  }

  /** Lets exchanges under way end, each by its own deadline, and ends the thread. */
  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing"
      this.#cross()
      this.#tell({ kind: "close" })
    }
    await this.#ended.promise
  }

  #cross(): void {
    if (this.#crossing.length === 0) return
    const requests = this.#crossing
    this.#crossing = []
    this.#tell({ kind: "send", requests })
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #take(message: FromThread): void {
    switch (message.kind) {
      case "sent":
        readResults(message.results, ({ id, result }) => {
          this.#sending.get(id)?.(result)
          this.#sending.delete(id)
        })
        break
      case "refusal":
        this.#asking.get(message.id)?.resolve(message.refusal)
        this.#asking.delete(message.id)
        break
      case "unknown":
        this.#asking.get(message.id)?.reject(new Error(message.why))
        this.#asking.delete(message.id)
        break
      case "closed":
        void this.#worker.terminate()
        break
    }
  }
}

const unsent: SendResult = {
  durationMs: 0,
  response: null,
  failure: { code: "internal", message: "The sender is closed" },
}

function closed(): Error {
  return new Error("The sender is closed.")
}
