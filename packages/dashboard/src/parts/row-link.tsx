import { useRouter } from "@tanstack/react-router"
import type { MouseEvent, ReactNode } from "react"
import { joined } from "./joined.ts"

/**
 * A link in a list's row, with the whole row as its target. The router's own link works out more for each of the dozens
 * that come with a scroll than a frame has time for.
 */
export function RowLink({ to, mono = false, children }: { to: string; mono?: boolean; children: ReactNode }) {
  const router = useRouter()
  const follow = (event: MouseEvent) => {
    // Whatever opens elsewhere is the browser's.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    router.history.push(to)
  }
  return (
    <a href={to} onClick={follow} className={joined(rowTarget, "block truncate", mono && "font-mono text-xs")}>
      {children}
    </a>
  )
}

/** Makes the whole row the target of what is in one of its cells. */
export const rowTarget = "font-medium text-ink after:absolute after:inset-0 hover:text-accent"
