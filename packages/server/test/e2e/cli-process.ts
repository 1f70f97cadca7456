import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

const program = fileURLToPath(new URL("../../src/cli/tocsin.mjs", import.meta.url))

export type Finished = { readonly code: number | null; readonly out: string; readonly err: string }

export type CommandProcess = {
  readonly said: { out: string; err: string }
  /** Resolves with what a pattern finds in standard output, as soon as it does. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** How it ended, once all it wrote was read. */
  readonly finished: Promise<Finished>
  interrupt(): Promise<Finished>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Starts `tocsin` in a process of its own, as `npx tocsin` does. */
export function startCommand(words: readonly string[], environment: Environment, input = ""): CommandProcess {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment }
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ["pipe", "pipe", "pipe"] })
  const said = { out: "", err: "" }
  const ended = Promise.withResolvers<Finished>()
  const waiting = new Set<() => void>()
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text
    for (const look of waiting) look()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err += text
  })
  child.stdin.on("error", () => {})
  child.stdin.end(input)
  child.on("close", (code) => ended.resolve({ code, ...said }))
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  return {
    said,
    finished: ended.promise,
    says(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said.out)
          if (found === null) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        ended.promise.then(() => reject(new Error(`it ended without saying ${pattern}:\n${said.out}${said.err}`)))
      })
    },
    interrupt() {
      child.kill("SIGINT")
      return ended.promise
    },
  }
}

/** Runs `tocsin` to its end. */
export function runCommand(words: readonly string[], environment: Environment, input = ""): Promise<Finished> {
  return startCommand(words, environment, input).finished
}
