import type { ApiKey, Scope } from "@tocsin/client"
import { type Command, Option } from "commander"
import { scopes } from "../../domain/workspace.ts"
import { type ConnectionOptions, connect, withConnection, withJson } from "../calling/connection.ts"
import { type ListOptions, listed, withPaging } from "../calling/listings.ts"
import { readMomentAhead } from "../reading/moments.ts"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { type Column, table } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"
import { relative } from "../showing/times.ts"
import { addRotate } from "./rotate-encryption-key.ts"

/** `tocsin keys`: a workspace's API keys, and the key that seals secrets. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command("keys")
    .summary("API keys, and the encryption key")
    .description("API keys of a workspace, and the key that seals secrets at rest.")
  addCreate(keys, terminal)
  addList(keys, terminal)
  addRevoke(keys, terminal)
  addRotate(keys, terminal)
}

type Creating = ConnectionOptions & { readonly scopes?: readonly Scope[]; readonly expires?: string }

function addCreate(keys: Command, terminal: Terminal): void {
  const command = keys
    .command("create")
    .argument("<name>", "what it is for")
    .summary("create a key")
    .description("Create a key, shown this once. Without --scopes it may do what the key that creates it may do.")
    .addOption(new Option("--scopes <scopes...>", "what it may do").choices(scopes))
    .option("--expires <moment>", "90d from now, a date, or an RFC 3339 time", (text: string) =>
      readMomentAhead(text, terminal.now()),
    )
    .action(async (name: string, options: Creating) => {
      const created = await connect(options, terminal).apiKeys.create(
        {
          name,
          ...(options.scopes !== undefined && { scopes: options.scopes }),
          ...(options.expires !== undefined && { expires_at: options.expires }),
        },
        { signal: terminal.signal },
      )
      const paint = paintFor(terminal)
      present(
        terminal,
        options,
        created,
        () =>
          `${table(terminal, columns(terminal), [created])}\nKey (shown this once): ${paint("bold", created.key)}\n`,
      )
    })
  withJson(withConnection(command))
  withExamples(command, [
    ["For a program that only publishes", "tocsin keys create scanner --scopes events:write"],
    ["Into a variable", "KEY=$(tocsin keys create ci --expires 90d --json | jq -r .key)"],
  ])
}

function addList(keys: Command, terminal: Terminal): void {
  const command = keys
    .command("list")
    .summary("list keys, newest first")
    .description("List keys, newest first, revoked ones included.")
    .action(async (options: ConnectionOptions & ListOptions) => {
      const tocsin = connect(options, terminal)
      const found = await listed((page) => tocsin.apiKeys.list(page, { signal: terminal.signal }), options)
      present(terminal, options, found, () => table(terminal, columns(terminal), found.data))
    })
  withJson(withConnection(withPaging(command)))
  withExamples(command, [
    ["Which were never used?", "tocsin keys list --json | jq '.data[] | select(.last_used == null)'"],
  ])
}

function addRevoke(keys: Command, terminal: Terminal): void {
  const command = keys
    .command("revoke")
    .argument("<key>", "a key's id (key_…)")
    .summary("revoke a key, at once and for good")
    .description("Revoke a key, at once and for good.")
    .action(async (id: string, options: ConnectionOptions) => {
      await connect(options, terminal).apiKeys.revoke(id, { signal: terminal.signal })
      present(terminal, options, { id, revoked: true }, () => `Revoked ${id}.\n`)
    })
  withJson(withConnection(command))
  withExamples(command, [["One that leaked", "tocsin keys revoke key_0192f0c8a1b2"]])
}

function columns(terminal: Terminal): Column<ApiKey>[] {
  const nowMs = terminal.now()
  return [
    { title: "id", cell: ({ id }) => id },
    { title: "name", cell: ({ name }) => name },
    { title: "begins with", cell: ({ prefix }) => prefix },
    { title: "state", cell: (key) => stateOf(key, nowMs) },
    { title: "scopes", cell: (key) => (key.scopes.length === scopes.length ? "all" : key.scopes.join(" ")) },
    { title: "last used", cell: ({ last_used }) => relative(last_used, nowMs) },
    { title: "created", cell: ({ created }) => relative(created, nowMs) },
  ]
}

function stateOf({ revoked_at, expires_at }: ApiKey, nowMs: number): string {
  if (revoked_at !== null) return "revoked"
  if (expires_at === null) return "valid"
  return `${Date.parse(expires_at) <= nowMs ? "expired" : "expires"} ${relative(expires_at, nowMs)}`
}
