import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { commandTree } from "../../src/cli/completing/command-tree.ts"
import { buildProgram } from "../../src/cli/program.ts"
import { silentTerminal } from "./reference.ts"
import { runCommand } from "./running-command.ts"

const tree = commandTree(buildProgram(silentTerminal))

async function script(shell: string): Promise<string> {
  const { code, out } = await runCommand(["completion", shell])
  expect(code).toBe(0)
  return out
}

/** What bash offers for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const quoted = ["tocsin", ...words].map((word) => `'${word}'`).join(" ")
  const program = `${await script("bash")}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _tocsin; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync("bash", ["--norc", "-c", program], { encoding: "utf8" })
    .split("\n")
    .filter((word) => word !== "")
}

describe("completion", () => {
  it("knows every command and option of the tree", async () => {
    expect(tree.length).toBeGreaterThan(30)
    for (const shell of ["bash", "zsh", "fish"]) {
      const text = await script(shell)
      for (const { path, subcommands, options } of tree) {
        for (const { name } of subcommands) expect(text, `${shell}: ${path} ${name}`).toContain(name)
        for (const { flags } of options) {
          for (const flag of flags) {
            const written = shell === "fish" ? flag.replace(/^--/, "-l ").replace(/^-(?=.$)/, "-s ") : flag
            expect(text, `${shell}: ${path} ${flag}`).toContain(written)
          }
        }
      }
    }
  })

  it("offers commands, options and values in bash", async () => {
    expect(await offered("webh")).toEqual(["webhooks"])
    expect(await offered("webhooks", "re")).toEqual(["resume"])
    expect(await offered("webhooks", "rot")).toEqual(["rotate-secret"])
    expect(await offered("deliveries", "list", "--st")).toEqual(["--status"])
    expect(await offered("deliveries", "list", "--status", "ex")).toEqual(["exhausted", "expired"])
    expect(await offered("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]))
    // A value is no command, even if it is called like one.
    expect(await offered("events", "--key", "list", "ta")).toEqual(["tail"])
    expect(await offered("events", "list", "--url", "http://x", "--te")).toEqual(["--text"])
  })

  it("is a script that the shells can read", async () => {
    execFileSync("bash", ["--norc", "-n"], { input: await script("bash") })
    for (const shell of ["zsh", "fish"]) {
      try {
        execFileSync(shell, ["--version"], { stdio: "ignore" })
      } catch {
        continue
      }
      execFileSync(shell, ["-n", "/dev/stdin"], { input: await script(shell) })
    }
  })
})
