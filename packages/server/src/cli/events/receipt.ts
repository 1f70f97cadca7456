import type { Receipt } from "@tocsin/client"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { counted } from "../showing/counted.ts"
import { safeLine } from "../showing/safe-text.ts"

/** What became of a publication, in a line. */
export function receiptText(terminal: Terminal, { id, type, duplicate, deliveries }: Receipt): string {
  const paint = paintFor(terminal)
  const to = deliveries === 0 ? paint("yellow", "no webhook asks for it") : `to ${counted(deliveries, "webhook")}`
  const what = duplicate ? "published before" : paint("green", "published")
  return `${what}  ${safeLine(type)}  ${safeLine(id)}  ${to}\n`
}
