import type { Command } from "commander"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { wholeNumber } from "../reading/arguments.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"
import { secretText } from "./create.ts"

type Options = ConnectionOptions & { readonly secret?: string; readonly overlap?: number }

export function addRotateSecret(webhooks: Command, terminal: Terminal): void {
  const command = webhooks
    .command("rotate-secret")
    .argument("<webhook>", "a webhook's id")
    .summary("give a webhook a new secret")
    .description(
      "Give a webhook a new secret. During the overlap both sign, so a receiver that knows either loses nothing.",
    )
    .option("--secret <secret>", "the new one; else one is made and shown this once")
    .option("--overlap <seconds>", "how long the old one still signs too; 24 h unless told", wholeNumber(0, 2_592_000))
    .action(async (id: string, options: Options) => {
      const rotated = await connect(options, terminal).webhooks.rotateSecret(
        id,
        {
          ...(options.secret !== undefined && { secret: options.secret }),
          ...(options.overlap !== undefined && { overlap_seconds: options.overlap }),
        },
        { signal: terminal.signal },
      )
      present(terminal, options, rotated, () => {
        const until = rotated.previous_valid_until
        const old = until === null ? "The old secret no longer signs." : `The old secret still signs until ${until}.`
        return `${old}\n${secretText(rotated, terminal)}`
      })
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["With a day to change the receiver", "tocsin webhooks rotate-secret wh_0192f0c8a1b2"],
    ["The old one leaked", "tocsin webhooks rotate-secret wh_0192f0c8a1b2 --overlap 0"],
  ])
}
