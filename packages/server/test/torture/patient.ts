import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { eventually, Workspace } from "../e2e/api-calls.ts"
import { type Load, startLoad } from "../e2e/postgres/load.ts"
import { type Ended, type Installation, type ServerProcess, type Settings, spawnProgram } from "../e2e/program.ts"
import { type ReceivedRequest, type Receiver, unusedPort } from "../receiver.ts"
import { orderings, publishers } from "./furnishing.ts"
import { interrupted } from "./leftovers.ts"
import { type Mood, openTakingReceiver, type TakingReceiver } from "./taking-receiver.ts"

/** Under load, not buried: a strict lane sends one after the other, and is to catch up after each fault. */
const pauseMs = 30
/** A start after a crash, on a machine that does other things too. */
const startMaxMs = 60_000

export type PatientOptions = {
  /** Where its data is; else a directory of its own, removed with it. */
  readonly directory?: string
  readonly settings?: Settings
  readonly installation?: Installation
  /** Beside the first node, with PostgreSQL. */
  readonly otherNodes?: number
}

/**
 * The real program under load, with one receiver that three webhooks lead to, and a ledger of what was acknowledged. A
 * fault does to it what it likes; afterwards it is asked what became of the ledger.
 */
export class Patient {
  /** How the receiver answers from now on. */
  readonly mood: Mood = { reply: 200 }
  readonly directory: string
  readonly #options: PatientOptions
  readonly #ports: number[] = []
  readonly #nodes: (ServerProcess | null)[] = []
  readonly #said: string[] = []
  #taking: TakingReceiver | null = null
  #workspace: Workspace | null = null
  #load: Load | null = null
  readonly webhooks = new Map<string, string>()

  /** Starts nothing yet, so that whoever makes it can see to its end first. */
  constructor(options: PatientOptions = {}) {
    this.#options = options
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), "tocsin-torture-"))
  }

  /** Starts it, with its webhooks and its load. What an interruption leaves half-started, `close` ends. */
  async open(): Promise<void> {
    this.#taking = await openTakingReceiver(this.mood)
    for (let node = 0; node <= (this.#options.otherNodes ?? 0); node++) {
      this.#ports.push(await unusedPort())
      this.#nodes.push(null)
    }
    for (const node of this.#ports.keys()) await this.start(node)
    await this.#furnish()
  }

  async #furnish(): Promise<void> {
    const workspace = await Workspace.create(this.address(), "standard")
    await workspace.post("/v1/event-types", { name: "load.tested", description: "Published under load" })
    // Twenty attempts with ever longer pauses outlast whatever is done to it here.
    const retry_config = { initial_delay_seconds: 1, backoff_multiplier: 1.2, max_attempts: 20 }
    for (const ordering of orderings) {
      const url = `${this.receiver.origin}/${ordering}`
      const { id } = await workspace.post("/v1/webhooks", { url, events: ["load.*"], ordering, retry_config })
      this.webhooks.set(ordering, String(id))
    }
    this.#workspace = workspace
    const addresses = () => this.#ports.map((port) => `http://127.0.0.1:${port}`)
    this.#load = startLoad({ publishers, pauseMs, key: workspace.key, addresses })
    await this.acknowledges(1)
  }

  address(node = 0): string {
    return `http://127.0.0.1:${this.#ports[node]}`
  }

  get receiver(): Receiver {
    return this.#receiving.receiver
  }

  get taken(): WeakSet<ReceivedRequest> {
    return this.#receiving.taken
  }

  get #receiving(): TakingReceiver {
    if (this.#taking === null) throw new Error("there is no receiver yet")
    return this.#taking
  }

  get workspace(): Workspace {
    if (this.#workspace === null) throw new Error("the patient is not furnished yet")
    return this.#workspace
  }

  get load(): Load {
    if (this.#load === null) throw new Error("there is no load yet")
    return this.#load
  }

  /** Of a running node. */
  process(node = 0): ServerProcess {
    const running = this.#nodes[node]
    if (!running) throw new Error(`node ${node} does not run`)
    return running
  }

  /** @throws once all is being undone: a server that is started then would outlive it */
  spawn(node = 0): ServerProcess {
    interrupted.throwIfAborted()
    const process = spawnProgram(
      { TOCSIN_DATA_DIR: this.directory, TOCSIN_PORT: String(this.#ports[node]), ...this.#options.settings },
      this.#options.installation,
    )
    this.#nodes[node] = process
    return process
  }

  /** Starts a node and waits until it listens. @returns after how many ms */
  async start(node = 0): Promise<number> {
    const fromMs = performance.now()
    const process = this.spawn(node)
    const late = delay(startMaxMs, null, { ref: false }).then(() => {
      throw new Error(`a start took longer than ${startMaxMs} ms:\n${process.output.stderr}`)
    })
    await Promise.race([process.listening, late])
    return performance.now() - fromMs
  }

  async kill(node = 0, signal: NodeJS.Signals = "SIGKILL"): Promise<Ended> {
    const running = this.process(node)
    const ended = await running.kill(signal)
    this.#said.push(running.output.stderr)
    this.#nodes[node] = null
    return ended
  }

  /** Waits until so many more events are acknowledged than now. @returns after how many ms */
  async acknowledges(more: number, withinMs = startMaxMs): Promise<number> {
    const before = this.load.ledger.length
    const fromMs = performance.now()
    await eventually(
      async () => this.load.ledger.length,
      (count) => count >= before + more,
      withinMs,
    )
    return performance.now() - fromMs
  }

  /** Ends the load and waits until nothing is left to be delivered. */
  async drained(withinMs: number): Promise<boolean> {
    await this.load.stop()
    this.workspace.address = this.address()
    try {
      await eventually(
        () => this.workspace.list("/v1/webhooks"),
        (all) => all.length === orderings.length && all.every(({ backlog }) => backlog === 0),
        withinMs,
      )
      return true
    } catch {
      return false
    }
  }

  /** What it has logged as errors. */
  errors(): readonly string[] {
    const said = [...this.#said, ...this.#nodes.flatMap((node) => (node ? [node.output.stderr] : []))]
    return said.flatMap((text) => text.split("\n").filter((line) => /^\{"level":(50|60)/.test(line)))
  }

  async close(): Promise<void> {
    const running = this.#nodes.filter((node) => node !== null)
    // One that is stopped would not end.
    for (const node of running) void node.kill("SIGCONT")
    await Promise.all(running.map((node) => node.kill("SIGKILL")))
    await this.#load?.stop()
    await this.#taking?.receiver.close()
    if (this.#options.directory === undefined) rmSync(this.directory, { recursive: true, force: true })
  }
}
