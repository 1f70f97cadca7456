import type { CommandNode } from "./command-tree.ts"

/** Single quotes, in which a shell leaves everything alone. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A completion script for bash 3.2 or newer (macOS's own has no associative arrays). */
export function bashScript(nodes: readonly CommandNode[]): string {
  const valued = [
    ...new Set(
      nodes.flatMap((node) => node.options.filter(({ takesValue }) => takesValue).flatMap(({ flags }) => flags)),
    ),
  ]
  const words = nodes.map((node) => {
    const offered = [
      ...node.subcommands.map(({ name }) => name),
      ...node.choices,
      ...node.options.flatMap(({ flags }) => flags),
    ]
    return `    ${quoted(node.path)}) words=${quoted(offered.join(" "))} ;;`
  })
  const values = nodes.flatMap((node) =>
    node.options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, choices, isFile }) => {
        const patterns = flags.map((flag) => quoted(`${node.path}:${flag}`)).join("|")
        return `    ${patterns}) ${isFile ? "files=1" : `words=${quoted(choices.join(" "))}`} ;;`
      }),
  )
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => quoted(path))
  return `# bash completion for tocsin, made by: tocsin completion bash
_tocsin() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" words="" files="" skip="" word at longer
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if [ -n "$skip" ]; then skip=""; continue; fi
    case "$word" in
      ${valued.map(quoted).join("|")}) skip=1; continue ;;
      -*) continue ;;
    esac
    longer="\${path:+$path }$word"
    case "$longer" in
      ${paths.join("|")}) path="$longer" ;;
    esac
  done
  case "$path:$previous" in
${values.join("\n")}
    *)
  case "$path" in
${words.join("\n")}
  esac
    ;;
  esac
  if [ -n "$files" ]; then
    COMPREPLY=($(compgen -f -- "$current"))
    compopt -o filenames 2>/dev/null
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
  return 0
}
complete -F _tocsin tocsin
`
}
