import { basename } from "node:path"
import { Worker } from "node:worker_threads"
import { StoreUnavailable } from "../../../ports/store.ts"
import { workerHeap } from "../../../threads/worker-heap.ts"
import { failureOf } from "../failure.ts"
import { type Answer, opening, type Request, type Verbs } from "./serve.ts"

/** What a commit or a read leaves behind is dead when it is answered. */
const youngMiB = 6

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }

/** The caller's side of a worker thread: each call is one message there and one back. */
export class Link<Served extends Verbs> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = opening
  #ended: string | null = null
  /** Set while the worker is open and is to stay so. */
  #onBroken: ((reason: string) => void) | null = null

  /**
   * Starts a worker and waits until it has opened. It is called like its file, in `top` as well.
   *
   * @param onBroken called once when the worker ends after that without having been closed
   * @throws Error what `open` threw in the worker
   */
  static async start<Served extends Verbs>(
    file: URL,
    workerData: unknown,
    onBroken: (reason: string) => void,
  ): Promise<Link<Served>> {
    const name = basename(file.pathname, ".ts")
    const link = new Link<Served>(new Worker(file, { workerData, name, resourceLimits: workerHeap(youngMiB) }))
    try {
      await new Promise((resolve, reject) => link.#waiting.set(opening, { resolve, reject }))
      link.#onBroken = onBroken
      return link
    } catch (error) {
      await link.#worker.terminate()
      throw error
    }
  }

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on("message", (answer: Answer) => this.#answered(answer))
    worker.on("error", (error) => this.#end(`The storage thread failed (${String(error)}). Start the process again.`))
    worker.on("exit", () => this.#end("The storage thread has ended. Start the process again."))
  }

  /** @throws StoreUnavailable when the storage, or the thread, cannot be used */
  call<Verb extends keyof Served & string>(
    verb: Verb,
    argument: Parameters<Served[Verb]>[0],
  ): Promise<ReturnType<Served[Verb]>> {
    if (this.#ended !== null) return Promise.reject(new StoreUnavailable(this.#ended))
    const id = ++this.#lastId
    const request: Request = { id, verb, argument }
    return new Promise((resolve, reject) => {
      // The value is what the verb returned over there: `Served` is the type of the very object that answers.
      this.#waiting.set(id, { resolve: (value) => resolve(value as ReturnType<Served[Verb]>), reject })
      this.#worker.postMessage(request)
    })
  }

  /** Lets what was asked before be answered, closes the worker's database and ends the thread. */
  async close(): Promise<void> {
    if (this.#ended !== null) return
    this.#onBroken = null
    const ended = new Promise((resolve) => this.#worker.once("exit", resolve))
    await this.call("close", undefined as Parameters<Served["close"]>[0])
    this.#ended = "The store is closed."
    await ended
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (waiting === undefined) return
    if (answer.ok) waiting.resolve(answer.value)
    else waiting.reject(failureOf(answer.failed))
  }

  #end(reason: string): void {
    this.#ended ??= reason
    for (const waiting of this.#waiting.values()) waiting.reject(new StoreUnavailable(this.#ended))
    this.#waiting.clear()
    const onBroken = this.#onBroken
    this.#onBroken = null
    onBroken?.(this.#ended)
  }
}
