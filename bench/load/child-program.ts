import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import Type from "typebox"
import { Compile } from "typebox/compile"
import type { CleaningUp } from "./cleaning-up.ts"

export type ChildProgram = {
  readonly child: ChildProcess
  readonly pid: number
  /** Its first message: it is ready. */
  readonly hello: unknown
  /** Never resolves: rejects when the process ends. */
  readonly ended: Promise<never>
}

export type ChildOptions = {
  /** For errors: what ended. */
  readonly name: string
  readonly program: URL
  /** Its only argument, as JSON. */
  readonly task: unknown
  /** Node's own, in place of this process's. */
  readonly nodeFlags?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a program of the benchmark's in a process of its own, which ends when it is disconnected, and waits until it speaks. */
export async function startChild(cleaning: CleaningUp, options: ChildOptions): Promise<ChildProgram> {
  const { name, program, task, nodeFlags, environment } = options
  const child = fork(fileURLToPath(program), [JSON.stringify(task)], {
    ...(nodeFlags && { execArgv: [...nodeFlags] }),
    ...(environment && { env: { ...process.env, ...environment } }),
  })
  cleaning.later(() => {
    if (child.connected) child.disconnect()
  })
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${name} ended (${signal ?? code})`)
  })
  // In the end it is told to, and nobody waits for it.
  ended.catch(() => {})
  const [hello] = await Promise.race([once(child, "message"), ended])
  if (child.pid === undefined) throw new Error(`${name} has no process id`)
  return { child, pid: child.pid, hello, ended }
}

/** A worker says how many attempts it has recorded whenever that changes, at most every few milliseconds. */
const Recorded = Compile(Type.Object({ recorded: Type.Integer() }))

/** Follows what workers, which say nothing else after their first message, have recorded together. */
export class RecordedCount {
  #recorded = 0
  #expected = 0
  #reached = () => {}

  constructor(...workers: readonly ChildProgram[]) {
    for (const { child } of workers) {
      let before = 0
      child.on("message", (message) => {
        const { recorded } = Recorded.Parse(message)
        this.#recorded += recorded - before
        before = recorded
        if (this.#recorded >= this.#expected) this.#reached()
      })
    }
  }

  /** Resolves once so many more are recorded. */
  more(attempts: number): Promise<void> {
    this.#expected = this.#recorded + attempts
    return new Promise((resolve) => {
      this.#reached = resolve
    })
  }
}
