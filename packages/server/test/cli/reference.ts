import type { Command, Option } from "commander"
import { exitCodes } from "../../src/cli/running/exit-codes.ts"
import type { Terminal } from "../../src/cli/running/terminal.ts"
import { examplesOf } from "../../src/cli/showing/teaching.ts"
import { bodyChanges } from "../../src/cli/verifying/body-changes.ts"
import { findingTexts } from "../../src/cli/verifying/findings.ts"

/** For a program that is looked at, not run. */
export const silentTerminal: Terminal = {
  readInput: async () => Buffer.alloc(0),
  inputIsTty: false,
  out() {},
  err() {},
  isTty: false,
  coloured: false,
  columns: 100,
  environment: {},
  signal: new AbortController().signal,
  now: Date.now,
  failed() {},
}

/** Commands that do something, with their whole names. */
export function leaves(command: Command, path: readonly string[] = []): { path: string; command: Command }[] {
  if (command.commands.length === 0) return [{ path: path.join(" "), command }]
  return command.commands.flatMap((each) => leaves(each, [...path, each.name()]))
}

/** The part of docs/cli.md that is drawn from the program. */
export function reference(program: Command): string {
  return [
    "## Exit codes\n",
    markdownTable(
      ["code", "means"],
      Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]),
    ),
    "\n## What `verify` finds\n",
    markdownTable(
      ["code", "what it means", "what to do"],
      Object.entries(findingTexts).map(([code, { message, remedy }]) => [`\`${code}\``, message, remedy]),
    ),
    `\nWhat \`body_reserialised\` can tell of a body: ${Object.values(bodyChanges).join("; ")}.\n`,
    "\n## Commands\n",
    leaves(program)
      .map(({ path, command }) => section(path, command))
      .join("\n"),
  ].join("\n")
}

function section(path: string, command: Command): string {
  const help = command.createHelp()
  const lines = [`### tocsin ${path}\n`, `${command.description()}\n`, "```", `${usage(path, command)}`, "```\n"]
  const named = [
    ...help
      .visibleArguments(command)
      .map((argument) => [`\`${help.argumentTerm(argument)}\``, help.argumentDescription(argument)]),
    ...command.options.map((option) => [`\`${option.flags}\``, described(option)]),
  ]
  lines.push(markdownTable(["", ""], named), "")
  const examples = examplesOf(command)
  if (examples.length > 0) {
    lines.push("```sh", ...examples.map(({ does, run }) => `# ${does}\n${run}`), "```\n")
  }
  return lines.join("\n")
}

function usage(path: string, command: Command): string {
  return `tocsin ${path} ${command.usage()}`.trim()
}

function described(option: Option): string {
  const notes = [
    ...(option.mandatory ? ["required"] : []),
    ...(option.argChoices ? [`one of ${option.argChoices.map((choice) => `\`${choice}\``).join(", ")}`] : []),
    ...(option.defaultValue === undefined || option.isBoolean() ? [] : [`default ${String(option.defaultValue)}`]),
  ]
  return `${option.description}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // In a table a bar would begin another column.
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n")
}
