import type { Receipt } from "@tocsin/client"
import type { Terminal } from "../running/terminal.ts"
import { paintFor } from "../showing/colours.ts"
import { safeLine } from "../showing/safe-text.ts"

/** What became of a publication, in a line. */
export function receiptText(terminal: Terminal, { id, type, duplicate, deliveries }: Receipt): string {
  const paint = paintFor(terminal)
  const to =
    deliveries === 0
      ? paint("yellow", "no webhook asks for it")
      : `to ${deliveries} ${deliveries === 1 ? "webhook" : "webhooks"}`
  const what = duplicate ? "published before" : paint("green", "published")
  return `${what}  ${safeLine(type)}  ${safeLine(id)}  ${to}\n`
}
