import type { ProfileName, Workspace } from "@tocsin/client"
import { type Command, Option } from "commander"
import { profileNames } from "../../domain/workspace.ts"
import { type ConnectionOptions, connectAsAdmin, withAdminConnection, withJson } from "../calling/connection.ts"
import { type ListOptions, listed, withPaging } from "../calling/listings.ts"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { present } from "../showing/present.ts"
import { type Column, table } from "../showing/table.ts"
import { withExamples } from "../showing/teaching.ts"
import { relative } from "../showing/times.ts"

/** `tocsin workspaces`: with the instance's admin key. */
export function addWorkspaces(program: Command, terminal: Terminal): void {
  const workspaces = program
    .command("workspaces")
    .summary("the instance's workspaces (admin key)")
    .description(
      "The instance's workspaces. These commands take the admin key, from --key or TOCSIN_ADMIN_KEY: not TOCSIN_KEY, which is a workspace's.",
    )
  const create = workspaces
    .command("create")
    .argument("<name>", "for people")
    .summary("create a workspace with its first key")
    .description("Create a workspace. Its first API key, with all scopes, is shown this once.")
    .addOption(
      new Option("--profile <profile>", "the face it shows to receivers, for good")
        .choices(profileNames)
        .makeOptionMandatory(),
    )
    .action(async (name: string, options: ConnectionOptions & { readonly profile: ProfileName }) => {
      const { profile } = options
      const tocsin = connectAsAdmin(options, terminal)
      const created = await tocsin.workspaces.create({ name, profile }, { signal: terminal.signal })
      present(terminal, options, created, () => {
        const key = paintFor(terminal)("bold", created.api_key.key)
        return `${table(terminal, columns(terminal), [created])}\nKey (shown this once): ${key}\n`
      })
    })
  withJson(withAdminConnection(create))
  withExamples(create, [
    [
      "And use it from now on",
      "export TOCSIN_KEY=$(tocsin workspaces create acme --profile policycortex --json | jq -r .api_key.key)",
    ],
  ])

  const list = workspaces
    .command("list")
    .summary("list workspaces, newest first")
    .description("List workspaces, newest first.")
    .action(async (options: ConnectionOptions & ListOptions) => {
      const tocsin = connectAsAdmin(options, terminal)
      const found = await listed((page) => tocsin.workspaces.list(page, { signal: terminal.signal }), options)
      present(terminal, options, found, () =>
        found.data.length === 0 ? "No workspaces yet.\n" : table(terminal, columns(terminal), found.data),
      )
    })
  withJson(withAdminConnection(withPaging(list)))
  withExamples(list, [["Which are there?", "tocsin workspaces list"]])
}

function columns(terminal: Terminal): Column<Workspace>[] {
  return [
    { title: "id", cell: ({ id }) => id },
    { title: "name", cell: ({ name }) => name },
    { title: "profile", cell: ({ profile }) => profile },
    { title: "created", cell: ({ created }) => relative(created, terminal.now()) },
  ]
}
