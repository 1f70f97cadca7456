import type { Command } from "commander"
import { settingNames } from "../../config.ts"
import { withExamples } from "../showing/teaching.ts"

/** `tocsin serve`: the same as `npm start`. */
export function addServe(program: Command): void {
  const command = program
    .command("serve")
    .summary("run the server")
    .description(
      `Run API, dashboard and engine in this process, until SIGTERM or Ctrl-C. Settings come from the environment (docs/operating.md): ${settingNames.join(", ")}.`,
    )
    .action(async () => {
      // The program itself, which reads its settings and listens for signals.
      await import("../../main.ts")
    })
  withExamples(command, [
    ["On another port", "TOCSIN_PORT=9000 tocsin serve"],
    ["With a receiver on this machine, for development", "TOCSIN_ALLOWED_TARGETS=localhost tocsin serve"],
  ])
}
