import { Link } from "@tanstack/react-router"
import { joined } from "./joined.ts"

/** Parts of a screen, each with an address of its own. */
export function Tabs({
  label,
  tabs,
  present,
}: {
  label: string
  tabs: readonly (readonly [string, string])[]
  present: string
}) {
  return (
    <nav aria-label={label} className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
      {tabs.map(([id, text]) => (
        <Link
          key={id}
          to="."
          search={{ tab: id }}
          aria-current={present === id ? "page" : undefined}
          className={joined(
            "-mb-px border-b-2 px-3 py-2 text-sm whitespace-nowrap",
            present === id ? "border-accent font-medium text-accent" : "border-transparent text-muted hover:text-ink",
          )}
        >
          {text}
        </Link>
      ))}
    </nav>
  )
}
