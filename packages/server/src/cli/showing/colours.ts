import { styleText } from "node:util"
import type { Terminal } from "../running/terminal.ts"

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan"

export type Paint = (style: Style, text: string) => string

/** Colours where a person watches and has not declined them; the text alone elsewhere. */
export function paintFor({ coloured }: Pick<Terminal, "coloured">): Paint {
  return (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text)
}
