import { pino } from "pino"
import { PinoPretty as pretty } from "pino-pretty"
import { firstSteps } from "./cli/first-steps.ts"
import { readConfig } from "./config.ts"
import { openLog } from "./system/logging.ts"
import { onStopSignals } from "./system/stop-signals.ts"
import { keepCompiled } from "./threads/keep-compiled.ts"

// The log goes to standard error: lines of JSON for programs, readable ones where a person watches a terminal.
const logger = openLog(process.stderr.isTTY ? pretty({ destination: 2 }) : pino.destination(2))

async function main(): Promise<void> {
  // First: a wrong setting is told before all the rest is loaded.
  const config = readConfig(process.env)
  const { serve } = await import("./serve.ts")
  // Before anything waits for this thread.
  keepCompiled()
  const running = await serve(config, logger)
  const stop = async (signal: string) => {
    logger.info({ signal }, "stopping: attempts in flight are finished, the rest stays stored")
    await running.stop()
    process.exit(0)
  }
  onStopSignals(["SIGTERM", "SIGINT"], { first: stop, again: endBySignal })
  // After that: whoever waits for these lines may stop the server as soon as they are there.
  process.stdout.write(firstSteps(running, config))
}

/** As it would end had nobody listened to the signal. */
function endBySignal(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

main().catch((error: unknown) => {
  // One line that says what to do; a stack would bury it.
  process.stderr.write(`tocsin: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
