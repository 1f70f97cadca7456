import type { Command } from "commander"

export type Example = { readonly run: string; readonly does: string }

const known = new WeakMap<Command, readonly Example[]>()

/** Ends a command's help with examples. The documentation shows them too. */
export function withExamples(command: Command, examples: readonly (readonly [does: string, run: string])[]): Command {
  const told = examples.map(([does, run]) => ({ does, run }))
  known.set(command, told)
  return command.addHelpText(
    "after",
    `\nExamples:\n${told.map(({ run, does }) => `  # ${does}\n  $ ${run}\n`).join("\n")}`,
  )
}

export function examplesOf(command: Command): readonly Example[] {
  return known.get(command) ?? []
}
