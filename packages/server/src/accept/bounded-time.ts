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

/** Of a machine that has no time for this thread; each takes as long as the work may. */
const triesMax = 5
/** The clock of V8 and that of the processor do not agree to the millisecond. */
const nearly = 0.9

/**
 * Runs synchronous work for at most so much of the processor's time, endless loops and backtracking regular expressions
 * included: V8 ends them from another thread, made for each call. That costs some tenths of a millisecond, so callers
 * put much into one. V8 goes by the clock; work that was ended while others had the processor is begun anew.
 *
 * @param work may be run several times.
 * @throws TookTooLong; whatever the work throws.
 */
export function withinTime<Result>(maxMs: number, work: () => Result): Result {
  let usedMs = 0
  for (let tries = 0; tries < triesMax && usedMs < maxMs * nearly; tries++) {
    const before = process.threadCpuUsage()
    try {
      return byTheClock(maxMs, work)
    } catch (error) {
      if (!(error instanceof TookTooLong)) throw error
    }
    const { user, system } = process.threadCpuUsage(before)
    usedMs += (user + system) / 1_000
  }
  throw new TookTooLong()
}

function byTheClock<Result>(timeoutMs: number, work: () => Result): Result {
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
