import type { CommandNode } from "./command-tree.ts"

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** \`name:what it does\`, as zsh's _describe takes it. */
function described(name: string, does: string): string {
  return quoted(`${name.replaceAll(":", "\\:")}:${does.replaceAll("\n", " ")}`)
}

/** A completion script for zsh, with what each word does beside it. */
export function zshScript(nodes: readonly CommandNode[]): string {
  const valued = [
    ...new Set(
      nodes.flatMap((node) => node.options.filter(({ takesValue }) => takesValue).flatMap(({ flags }) => flags)),
    ),
  ]
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => quoted(path))
  const offers = nodes.map((node) => {
    const offered = [
      ...node.subcommands.map(({ name, does }) => described(name, does)),
      ...node.choices.map((choice) => described(choice, "")),
      ...node.options.flatMap(({ flags, does }) => flags.map((flag) => described(flag, does))),
    ]
    return `    ${quoted(node.path)}) offers=(${offered.join(" ")}) ;;`
  })
  const values = nodes.flatMap((node) =>
    node.options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, choices, isFile }) => {
        const patterns = flags.map((flag) => quoted(`${node.path}:${flag}`)).join("|")
        const offered = choices.map((choice) => described(choice, "")).join(" ")
        return `    ${patterns}) ${isFile ? "_files; return" : `offers=(${offered})`} ;;`
      }),
  )
  return `#compdef tocsin
# zsh completion for tocsin, made by: tocsin completion zsh
_tocsin() {
  local place="" longer word skip="" at
  local -a offers
  for ((at = 2; at < CURRENT; at++)); do
    word="\${words[at]}"
    if [[ -n "$skip" ]]; then skip=""; continue; fi
    case "$word" in
      ${valued.map(quoted).join("|")}) skip=1; continue ;;
      -*) continue ;;
    esac
    longer="\${place:+$place }$word"
    case "$longer" in
      ${paths.join("|")}) place="$longer" ;;
    esac
  done
  case "$place:\${words[CURRENT-1]}" in
${values.join("\n")}
    *)
  case "$place" in
${offers.join("\n")}
  esac
    ;;
  esac
  _describe 'tocsin' offers
}
if [ "\${funcstack[1]}" = "_tocsin" ]; then _tocsin; else compdef _tocsin tocsin; fi
`
}
