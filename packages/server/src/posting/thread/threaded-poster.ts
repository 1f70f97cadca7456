import { Worker } from "node:worker_threads"
import type { Webhook } from "../../domain/webhook.ts"
import type { ProfileName } from "../../domain/workspace.ts"
import type { Post, Posted, Poster, PostTarget } from "../../ports/poster.ts"
import type { Tape } from "../../threads/tape.ts"
import { workerHeap } from "../../threads/worker-heap.ts"
import { readResults, writePost } from "./crossing.ts"
import { KnownTargets } from "./known-targets.ts"
import type { FromThread, ToThread } from "./messages.ts"

export type ThreadedPosterOptions = {
  /** The thread's program, which calls `serveThread`; it is handed `workerData`. */
  readonly thread: URL
  readonly workerData: unknown
  /**
   * Called once when the thread has ended without having been closed. What was under way never gets a result then: it may
   * have been sent or not, like whatever is in flight when a process is killed.
   */
  readonly onBroken: (reason: string) => void
  /** How often the thread is asked whether it is there; 5 s unless given. */
  readonly askEveryMs?: number
}

/**
 * Opens a poster on a thread of its own: signatures, connections, TLS, and what they leave to be collected, are half of
 * what a delivery costs (docs/decisions/0013 and 0014).
 */
export function openThreadedPoster(options: ThreadedPosterOptions): Poster {
  return new ThreadedPoster(options)
}

/** Posts under way outlive many collections: with half of it, they cost a tenth more. */
const youngMiB = 48
const askEveryMs = 5_000
/** A thread that has missed so many in a row hangs, and is given up. */
const missedMax = 12

type Waiting<Answer> = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }

class ThreadedPoster implements Poster {
  readonly #worker: Worker
  readonly #targets = new KnownTargets()
  readonly #posting = new Map<number, Waiting<Posted>>()
  readonly #asking = new Map<number, Waiting<string | null>>()
  readonly #ended = Promise.withResolvers<void>()
  #crossing: Tape = []
  #willCross = false
  #lastId = 0
  #state: "open" | "closing" | "broken" = "open"
  #askedForSign = false
  /** Times that it should have said it is there and has not. */
  #missed = 0
  readonly #onBroken: (reason: string) => void
  readonly #askEveryMs: number
  readonly #asks: NodeJS.Timeout

  constructor({ thread, workerData, onBroken, ...options }: ThreadedPosterOptions) {
    this.#worker = new Worker(thread, { workerData, name: "posting-thread", resourceLimits: workerHeap(youngMiB) })
    this.#onBroken = onBroken
    this.#askEveryMs = options.askEveryMs ?? askEveryMs
    let why = "it has ended"
    this.#worker.on("message", (message: FromThread) => this.#take(message))
    this.#worker.on("error", (error) => {
      why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    })
    this.#worker.on("exit", () => {
      this.#ended.resolve()
      this.#end(why)
    })
    // Counted, not timed: a process that was stopped for a while, and goes on, was silent itself.
    this.#asks = setInterval(() => {
      this.#askForSign()
      if (this.#missed < missedMax) return
      // Told first: a thread that hangs outside JavaScript does not end when it is told to.
      this.#end(this.#silence())
      void this.#worker.terminate()
    }, this.#askEveryMs).unref()
  }

  post(webhook: PostTarget, profile: ProfileName, post: Post): Promise<Posted> {
    // Not a failed attempt: the process is about to end, and the next one sends it.
    if (this.#state === "broken") return new Promise(() => {})
    if (this.#state === "closing") return Promise.reject(closed())
    this.#crossSoon()
    const id = ++this.#lastId
    writePost(this.#crossing, { id, target: this.#targets.numberOf(webhook, profile), post })
    return new Promise((resolve, reject) => this.#posting.set(id, { resolve, reject }))
  }

  changed(webhook: Webhook): void {
    if (this.#state === "open" && this.#targets.changed(webhook)) this.#crossSoon()
  }

  refusal(url: string): Promise<string | null> {
    if (this.#state !== "open") return Promise.reject(closed())
    const id = ++this.#lastId
    this.#tell({ kind: "refusal", id, url })
    return new Promise((resolve, reject) => this.#asking.set(id, { resolve, reject }))
  }

  ready(): string | null {
    if (this.#state !== "open") return "The thread that posts has ended."
    return this.#missed === 0 ? null : `The thread that posts hangs: ${this.#silence()}.`
  }

  /** Lets what is under way end, each by its own deadline, and ends the thread. */
  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing"
      this.#cross()
      this.#tell({ kind: "close" })
    }
    await this.#ended.promise
  }

  #end(why: string): void {
    clearInterval(this.#asks)
    for (const { reject } of this.#asking.values()) reject(closed())
    this.#asking.clear()
    if (this.#state !== "open") return
    this.#state = "broken"
    this.#onBroken(`The thread that posts has failed (${why}). Start the process again.`)
  }

  #askForSign(): void {
    if (this.#askedForSign) this.#missed += 1
    else this.#tell({ kind: "areYouThere" })
    this.#askedForSign = true
  }

  #silence(): string {
    return `it has not answered for ${(this.#missed * this.#askEveryMs) / 1_000} s`
  }

  /** What comes in the same turn of the event loop crosses together. */
  #crossSoon(): void {
    if (this.#willCross) return
    this.#willCross = true
    process.nextTick(() => this.#cross())
  }

  #cross(): void {
    if (!this.#willCross) return
    this.#willCross = false
    const posts = this.#crossing
    this.#crossing = []
    this.#tell({ kind: "post", posts, ...this.#targets.told() })
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #take(message: FromThread): void {
    switch (message.kind) {
      case "posted":
        readResults(message.results, ({ id, posted }) => {
          this.#posting.get(id)?.resolve(posted)
          this.#posting.delete(id)
        })
        break
      case "refusal":
        this.#asking.get(message.id)?.resolve(message.refusal)
        this.#asking.delete(message.id)
        break
      case "fault": {
        const waiting = this.#posting.get(message.id) ?? this.#asking.get(message.id)
        waiting?.reject(new Error(message.why))
        this.#posting.delete(message.id)
        this.#asking.delete(message.id)
        break
      }
      case "iAmHere":
        this.#askedForSign = false
        this.#missed = 0
        break
      case "closed":
        void this.#worker.terminate()
        break
    }
  }
}

function closed(): Error {
  return new Error("The poster is closed.")
}
