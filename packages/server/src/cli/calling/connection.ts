import { Tocsin } from "@tocsin/client"
import { type Command, Option } from "commander"
import { httpUrl } from "../reading/http-url.ts"
import { Failed, UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"

/** Where the server is taken to be: where it listens unless told otherwise. */
export const urlDefault = "http://127.0.0.1:8080"

/** Read from the environment by these commands; the server knows that they are not settings of its own. */
export type ConnectionOptions = { readonly url?: string; readonly key?: string; readonly json?: boolean }

/** `--url` and `--key`. */
export function withConnection(command: Command): Command {
  return command
    .addOption(new Option("--url <address>", `where Tocsin answers (else TOCSIN_URL, else ${urlDefault})`))
    .addOption(new Option("--key <key>", "an API key (else TOCSIN_KEY, which other users of the machine cannot see)"))
}

/** The same for commands that the instance's admin key is needed for. */
export function withAdminConnection(command: Command): Command {
  return command
    .addOption(new Option("--url <address>", `where Tocsin answers (else TOCSIN_URL, else ${urlDefault})`))
    .addOption(new Option("--key <key>", "the instance's admin key (else TOCSIN_ADMIN_KEY)"))
}

/** `--json`. */
export function withJson(command: Command, what = "print JSON for programs"): Command {
  return command.option("--json", what)
}

/** The server's address, without a slash at its end. @throws UsageError */
export function addressOf(options: ConnectionOptions, { environment }: Terminal): string {
  const given = options.url ?? (environment.TOCSIN_URL || urlDefault)
  const url = httpUrl(given)
  if (url === null) {
    throw new UsageError(`${JSON.stringify(given)} is no address. Give --url (or TOCSIN_URL) as ${urlDefault}.`)
  }
  return url.href.replace(/\/+$/, "")
}

/** The key given; null without one. */
export function keyGiven(options: ConnectionOptions, { environment }: Terminal): string | null {
  return options.key ?? (environment.TOCSIN_KEY || null)
}

/** A client for a workspace. @throws Failed without a key */
export function connect(options: ConnectionOptions, terminal: Terminal): Tocsin {
  const apiKey = keyGiven(options, terminal)
  if (apiKey === null) {
    throw new Failed(
      "No key was given. Set TOCSIN_KEY to an API key of the workspace, or give --key. `tocsin workspaces create` makes a workspace with its first key.",
      "refused",
    )
  }
  return client(options, terminal, apiKey)
}

/** A client for the instance. @throws Failed without a key */
export function connectAsAdmin(options: ConnectionOptions, terminal: Terminal): Tocsin {
  const apiKey = options.key ?? (terminal.environment.TOCSIN_ADMIN_KEY || null)
  if (apiKey === null) {
    throw new Failed(
      "No admin key was given. Set TOCSIN_ADMIN_KEY to the key that the server printed at its first start, or give --key.",
      "refused",
    )
  }
  return client(options, terminal, apiKey)
}

function client(options: ConnectionOptions, terminal: Terminal, apiKey: string): Tocsin {
  // A character that no header can carry would end in an error that shows the key.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new UsageError("The key holds a space, a line's end or another character that no key has. Copy it again.")
  }
  return new Tocsin({
    baseUrl: addressOf(options, terminal),
    apiKey,
    // A person waits: two more tries outlast a restart's gap, four would look like a hang.
    retries: 2,
    headers: { "user-agent": "tocsin-cli" },
  })
}
