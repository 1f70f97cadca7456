import type { Command } from "commander"

/** A command as shells complete it. `path` is empty for the program itself, else `webhooks list`. */
export type CommandNode = {
  readonly path: string
  readonly subcommands: readonly { readonly name: string; readonly does: string }[]
  readonly options: readonly OptionNode[]
  /** Values that an argument takes from a list. */
  readonly choices: readonly string[]
}

export type OptionNode = {
  /** `--limit`, `-n`. */
  readonly flags: readonly string[]
  readonly does: string
  readonly takesValue: boolean
  /** The values there are, when there are only these; files where it names one. */
  readonly choices: readonly string[]
  readonly isFile: boolean
}

/** Everything that can be typed, from the command tree itself: so it cannot be out of date. */
export function commandTree(program: Command): readonly CommandNode[] {
  const nodes: CommandNode[] = []
  const walk = (command: Command, path: readonly string[]) => {
    const help = command.createHelp()
    const subcommands = help.visibleCommands(command)
    nodes.push({
      path: path.join(" "),
      subcommands: subcommands.map((each) => ({ name: each.name(), does: each.summary() || each.description() })),
      options: help.visibleOptions(command).map((option) => ({
        flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
        does: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
        isFile: /<file>/.test(option.flags),
      })),
      choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    })
    for (const each of command.commands) walk(each, [...path, each.name()])
  }
  walk(program, [])
  return nodes
}
