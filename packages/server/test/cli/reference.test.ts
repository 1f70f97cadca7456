import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Command } from "commander"
import { describe, expect, it } from "vitest"
import { buildProgram } from "../../src/cli/program.ts"
import { exitCodes } from "../../src/cli/running/exit-codes.ts"
import { examplesOf } from "../../src/cli/showing/teaching.ts"
import { leaves, reference, silentTerminal } from "./reference.ts"

const path = fileURLToPath(new URL("../../../../docs/cli.md", import.meta.url))
const marker =
  "<!-- From here on written by `npx vitest run --project fast packages/server/test/cli/reference.test.ts -u`. -->\n"
const program = buildProgram(silentTerminal)

/** Words of a shell's command line, as far as examples use them. */
function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+?)(?=["'\s]|$)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  )
}

/** The parts of a command line that call this program: without variables before it, pipes and redirections after it. */
function calls(run: string): string[][] {
  return [...run.matchAll(/(?<![\w./~])tocsin ((?:"[^"]*"|'[^']*'|[^|<>)"'])*)/g)].map(([, rest]) => words(rest ?? ""))
}

/** The command that words lead to, and what is left for it. */
function found(from: Command, rest: readonly string[]): { command: Command; rest: readonly string[] } {
  const next = from.commands.find((each) => each.name() === rest[0])
  return next === undefined ? { command: from, rest } : found(next, rest.slice(1))
}

describe("docs/cli.md", () => {
  it("says what the program says", async () => {
    const [guide = ""] = readFileSync(path, "utf8").split(marker)
    expect(guide.length).toBeGreaterThan(500)
    await expect(`${guide}${marker}\n${reference(program)}`).toMatchFileSnapshot(path)
  })

  it("tells each exit code once", () => {
    const codes = Object.values(exitCodes).map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
  })
})

describe("every document", () => {
  const root = fileURLToPath(new URL("../../../../", import.meta.url))
  const documents = [
    "README.md",
    "examples/README.md",
    "packages/client/README.md",
    ...globSync("docs/**/*.md", { cwd: root }),
  ]

  it("names no command and no option that does not exist", () => {
    const shown = documents.flatMap((document) => {
      const [written = ""] = readFileSync(join(root, document), "utf8").split(marker)
      return commandsIn(written)
    })
    expect(shown.length).toBeGreaterThan(18)
    for (const each of shown) expectKnown(each)
  })
})

/** What a reader would type: in code blocks and between backticks, where a command's name stands. */
function commandsIn(document: string): string[][] {
  const blocks = [...document.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, block = ""]) =>
    block.replaceAll("\\\n", " "),
  )
  const inline = [...document.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(
    ([, code = ""]) => code,
  )
  return [...blocks.flatMap((block) => block.split("\n")), ...inline].flatMap((line) => {
    const typed = line.replace(/\s#.*$/, "")
    // Settings may stand before it; helm and pg_dump have a release and a database of the same name.
    const [, command] = /(?:^\s*|[|&;(]\s*|\) |npx )(?:[A-Z_]+=\S* )*(tocsin .*)$/.exec(typed) ?? []
    return command === undefined ? [] : calls(command)
  })
}

function expectKnown(line: readonly string[]): void {
  const { command, rest } = found(program, line)
  const said = line.join(" ")
  const known = [...command.options.flatMap(({ long, short }) => [long, short]), "--help", "-h", "--version"]
  for (const word of rest.filter((each) => /^--?[a-z]/i.test(each))) {
    expect(known, `${said}: ${command.name()} has no ${word}`).toContain(word.split("=")[0])
  }
  if (command.commands.length > 0) {
    expect(
      rest.filter((word) => !word.startsWith("-")),
      `${said}: no such command`,
    ).toEqual([])
  }
}

describe("help", () => {
  const all = leaves(program)

  it.each(all.map(({ path, command }) => [path, command] as const))(
    "%s teaches with examples that work",
    (path, command) => {
      expect(command.description(), "a description").toMatch(/\.$/)
      expect(command.summary(), "a summary").not.toBe("")
      const examples = examplesOf(command)
      expect(examples.length, "examples").toBeGreaterThan(0)
      for (const { run } of examples) {
        const lines = calls(run)
        expect(lines.length, run).toBeGreaterThan(0)
        for (const line of lines) expectKnown(line)
        expect(
          lines.some((line) => found(program, line).command === command),
          `${run} shows ${path}`,
        ).toBe(true)
      }
      for (const option of command.options) expect(option.description, option.flags).not.toBe("")
      for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe("")
    },
  )

  it("gives programs JSON wherever something is told", () => {
    const without = all
      .filter(({ command }) => !command.options.some(({ long }) => long === "--json"))
      .map(({ path }) => path)
    expect(without).toEqual(["serve", "completion"])
  })
})
