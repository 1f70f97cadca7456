import type { CommandNode } from "./command-tree.ts"

/** Within fish's single quotes only these two mean anything. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", " ")}'`
}

/** A completion script for fish 3 or newer. */
export function fishScript(nodes: readonly CommandNode[]): string {
  const valued = [
    ...new Set(
      nodes.flatMap((node) => node.options.filter(({ takesValue }) => takesValue).flatMap(({ flags }) => flags)),
    ),
  ]
  const lines = nodes.flatMap((node) => {
    const here = `complete -c tocsin -n ${quoted(`__tocsin_at ${quoted(node.path)}`)}`
    return [
      ...node.subcommands.map(({ name, does }) => `${here} -a ${quoted(name)} -d ${quoted(does)}`),
      ...node.choices.map((choice) => `${here} -a ${quoted(choice)}`),
      ...node.options.map(({ flags, does, takesValue, choices, isFile }) => {
        const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
        const value = takesValue
          ? isFile
            ? " -r -F"
            : ` -x${choices.length > 0 ? ` -a ${quoted(choices.join(" "))}` : ""}`
          : ""
        return `${here} ${names.join(" ")}${value} -d ${quoted(does)}`
      }),
    ]
  })
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => quoted(path))
  return `# fish completion for tocsin, made by: tocsin completion fish
function __tocsin_at
    set -l place
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
            continue
        end
        if contains -- $word ${valued.join(" ")}
            set skip yes
            continue
        end
        string match -q -- '-*' $word; and continue
        set -l longer (string join ' ' $place $word)
        contains -- $longer ${paths.join(" ")}; and set place $longer
    end
    test "$place" = "$argv[1]"
end
complete -c tocsin -f
${lines.join("\n")}
`
}
