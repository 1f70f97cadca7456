import type { ReactNode } from "react"
import { joined } from "./joined.ts"

export type Tone = "good" | "bad" | "warn" | "info" | "idle"

const tones: Readonly<Record<Tone, string>> = {
  good: "bg-good-ground text-good",
  bad: "bg-bad-ground text-bad",
  warn: "bg-warn-ground text-warn",
  info: "bg-info-ground text-info",
  idle: "bg-idle-ground text-muted",
}

/** A state in one word. The word says it; the colour only helps. */
export function Badge({ tone, children, className }: { tone: Tone; children: ReactNode; className?: string }) {
  return (
    <span
      className={joined(
        "inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-xs font-medium whitespace-nowrap",
        tones[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}
