import { onStopSignals } from "../system/stop-signals.ts"
import { exitCodes } from "./running/exit-codes.ts"
import { run } from "./running/run.ts"
import { processTerminal } from "./running/terminal.ts"

const stopping = new AbortController()
onStopSignals(["SIGINT", "SIGTERM"], {
  first: (signal) => stopping.abort(new Error(`interrupted by ${signal}`)),
  // The second time it ends at once, whatever is under way.
  again: () => process.exit(exitCodes.interrupted.code),
})

// `tocsin … | head` closes the pipe when it has enough: no failure, and nobody is left to tell.
process.stdout.on("error", (error: Error) => {
  if ("code" in error && error.code === "EPIPE") process.exit(exitCodes.ok.code)
  throw error
})

process.exitCode = await run(process.argv.slice(2), processTerminal(process, stopping.signal))
