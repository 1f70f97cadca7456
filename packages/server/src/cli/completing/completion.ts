import { Argument, type Command } from "commander"
import type { Terminal } from "../running/terminal.ts"
import { withExamples } from "../showing/teaching.ts"
import { bashScript } from "./bash.ts"
import { type CommandNode, commandTree } from "./command-tree.ts"
import { fishScript } from "./fish.ts"
import { zshScript } from "./zsh.ts"

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Readonly<
  Record<string, (nodes: readonly CommandNode[]) => string>
>

/** `tocsin completion`: a script that completes commands, options and their values. */
export function addCompletion(program: Command, terminal: Terminal): void {
  const command = program
    .command("completion")
    .addArgument(new Argument("<shell>", "for which shell").choices(Object.keys(scripts)))
    .summary("print a shell's completion script")
    .description("Print a script that completes commands, options and their values in your shell.")
    .action((shell: keyof typeof scripts) => {
      terminal.out(scripts[shell](commandTree(program)))
    })
  withExamples(command, [
    ["bash, in ~/.bashrc", 'eval "$(tocsin completion bash)"'],
    ["zsh, in ~/.zshrc after compinit", 'eval "$(tocsin completion zsh)"'],
    ["fish", "tocsin completion fish > ~/.config/fish/completions/tocsin.fish"],
  ])
}
