import { pino } from "pino"
import { PinoPretty as pretty } from "pino-pretty"
import { firstSteps } from "./cli/first-steps.ts"
import { readConfig } from "./config.ts"
import { openLog } from "./system/logging.ts"
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
    process.off("SIGTERM", stop).off("SIGINT", stop)
    logger.info({ signal }, "stopping: attempts in flight are finished, the rest stays stored")
    await running.stop()
    process.exit(0)
  }
  process.on("SIGTERM", stop).on("SIGINT", stop)
  // After that: whoever waits for these lines may stop the server as soon as they are there.
  process.stdout.write(firstSteps(running, config))
}

main().catch((error: unknown) => {
  // One line that says what to do; a stack would bury it.
  process.stderr.write(`tocsin: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
