import vm from "node:vm"

/** The work took longer than it may; its result is not known. */
export class TookTooLong extends Error {
  constructor() {
    super("took too long")
    this.name = "TookTooLong"
  }
}

const globals: { run: (() => void) | null } = Object.create(null)
const context = vm.createContext(globals)
const script = new vm.Script("run()")

/**
 * Runs synchronous work for at most so long, endless loops and backtracking regular expressions included: V8 ends them
 * from another thread, made for each call. That costs some tenths of a millisecond, so callers put much into one.
 *
 * @throws TookTooLong; whatever the work throws.
 */
export function withinTime<Result>(timeoutMs: number, work: () => Result): Result {
  let done: { readonly result: Result } | null = null
  globals.run = () => {
    done = { result: work() }
  }
  try {
    script.runInContext(context, { timeout: timeoutMs })
  } catch (error) {
    throw isTimeout(error) ? new TookTooLong() : error
  } finally {
    globals.run = null
  }
  return resultOf(done)
}

function resultOf<Result>(done: { readonly result: Result } | null): Result {
  if (done === null) throw new TookTooLong()
  return done.result
}

function isTimeout(error: unknown): boolean {
  // An error of the other context, whose Error is another.
  return typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
}
