import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { startEnvironment, startFlags, startProgram } from "../start-command.ts"

const main = fileURLToPath(new URL(`../../../../${startProgram}`, import.meta.url))

/** The instance's admin key of every server started here. */
export const adminKey = "ta_the-instance-key-of-the-e2e-tests"

/** Settings (`TOCSIN_…`), over the tests' own; one that is `undefined` is not given at all. */
export type Settings = Readonly<Record<string, string | undefined>>

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** The real program, in a process of its own. */
export type ServerProcess = {
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string }
  /** Resolves with its address once it says that it listens; rejects with all it said when it ends before. */
  readonly listening: Promise<string>
  readonly pid: number
  /** How it ended. */
  readonly stopped: Promise<Ended>
  /** Sends a signal, SIGTERM by default, and resolves when the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<Ended>
}

/** A server that listens. */
export type RunningServer = ServerProcess & { readonly address: string }

/** The program of this work tree, with this process's Node and rights, unless told. */
export type Installation = {
  /** A program, with its arguments, that starts it: `prlimit` and its like, which become what they start. */
  readonly through?: readonly string[]
  readonly node?: string
  /** Node's own beside those of `npm start`, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[]
  readonly program?: string
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  /** Of each stream only so much of its end is kept; all unless told. */
  readonly outputMaxLength?: number
}

/** Starts the program and waits for nothing: for starts that are expected to fail. */
export function spawnProgram(settings: Settings, installation: Installation = {}): ServerProcess {
  const given: Settings = {
    TOCSIN_PORT: "0",
    TOCSIN_ADMIN_KEY: adminKey,
    TOCSIN_ALLOWED_TARGETS: "127.0.0.1,localhost",
    ...settings,
  }
  // A directory must be named: the default would be shared, and lie in the work tree.
  if (given.TOCSIN_DATA_DIR === undefined) throw new Error("TOCSIN_DATA_DIR is needed")
  const env = Object.fromEntries(
    Object.entries({ PATH: process.env.PATH, HOME: process.env.HOME, ...startEnvironment, ...given }).filter(
      ([, value]) => value != null,
    ),
  )
  const { node = process.execPath, nodeFlags = [], program = main, through = [], ...others } = installation
  const { outputMaxLength = Number.POSITIVE_INFINITY, ...rights } = others
  const [command = node, ...args] = [...through, node, ...startFlags, ...nodeFlags, program]
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], ...rights })
  const output = { stdout: "", stderr: "" }
  const ended = Promise.withResolvers<Ended>()
  const listens = Promise.withResolvers<string>()
  // Not awaited by tests of starts that fail.
  listens.promise.catch(() => {})
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout = (output.stdout + text).slice(-outputMaxLength)
    // The commands are the last that it prints.
    const address = /listening on (http\S+)\n[\s\S]*\/v1\/events .*\n\n/.exec(output.stdout)?.[1]
    if (address !== undefined) listens.resolve(address)
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr = (output.stderr + text).slice(-outputMaxLength)
  })
  const server: ServerProcess = {
    output,
    listening: listens.promise,
    stopped: ended.promise,
    pid: child.pid ?? 0,
    kill(signal = "SIGTERM") {
      child.kill(signal)
      return ended.promise
    },
  }
  // "close", not "exit": by then everything it wrote has been read.
  child.on("error", (error) => listens.reject(error))
  child.on("close", (code, signal) => {
    listens.reject(new Error(`the server ended (${code ?? signal}):\n${output.stdout}${output.stderr}`))
    ended.resolve({ code, signal })
  })
  return server
}
