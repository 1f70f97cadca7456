import type { KeyRotation } from "@tocsin/client"
import type { Command } from "commander"
import { type ConnectionOptions, connectAsAdmin, withAdminConnection, withJson } from "../calling/connection.ts"
import { Failed } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"

/** Named, so that whoever sees them again and again can look at what keeps changing them. */
function leftOver({ left, left_webhooks }: KeyRotation): string {
  const named = left_webhooks.map(({ workspace_id, id }) => `${id} of ${workspace_id}`).join(", ")
  const more = left > left_webhooks.length ? ` and ${left - left_webhooks.length} more` : ""
  return `${left} of the webhooks are still sealed with another key: ${named}${more}. They were being changed meanwhile. Keep the older keys and run it again.`
}

/** `tocsin keys rotate`: the key that seals secrets at rest, on the running server. */
export function addRotate(keys: Command, terminal: Terminal): void {
  const command = keys
    .command("rotate")
    .summary("change the server's encryption key (admin key)")
    .description(
      "Change the key that seals secrets at rest, and seal all of them anew, while the server runs. A generated key is replaced by a new one in the data directory; where TOCSIN_ENCRYPTION_KEY names several, the first seals from now on. Ends with 1, naming them, when webhooks are left that another key still seals. It takes the admin key, from --key or TOCSIN_ADMIN_KEY.",
    )
    .action(async (options: ConnectionOptions) => {
      const rotated = await connectAsAdmin(options, terminal).rotateEncryptionKey({ signal: terminal.signal })
      present(terminal, options, rotated, () => {
        const { key_id, made, resealed, left } = rotated
        const which = made ? `A new key, ${key_id}, seals from now on` : `The key ${key_id} seals from now on`
        const rest = left === 0 ? " No other key is needed for what is stored now." : ""
        return `${which}; ${resealed} webhooks were sealed anew.${rest}\n`
      })
      if (rotated.left > 0) throw new Failed(leftOver(rotated))
    })
  withJson(withAdminConnection(command))
  withExamples(command, [["After a key has leaked, or once a year", "tocsin keys rotate"]])
}
