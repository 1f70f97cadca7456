import type { ReactNode } from "react"
import { useScreenName } from "../layout/screen-name.ts"
import { joined } from "./joined.ts"

/** A titled part of a screen. */
export function Panel({
  title,
  note,
  actions,
  children,
  flush = false,
  className,
}: {
  title?: ReactNode
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Without padding: for tables that reach the edges. */
  flush?: boolean
  className?: string
}) {
  return (
    <section className={joined("min-w-0 rounded-lg border border-line bg-surface", className)}>
      {(title !== undefined || actions !== undefined) && (
        <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
          <h2 className="text-sm font-semibold">{title}</h2>
          {note !== undefined && <p className="text-xs text-muted">{note}</p>}
          <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>
        </header>
      )}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  )
}

/**
 * The head of a screen.
 * @param name the screen's, for the browser's tabs and history: the title unless told, which is then a text.
 */
export function ScreenTitle({
  title,
  name,
  above,
  below,
  actions,
}: ({ title: string; name?: string } | { title: ReactNode; name: string }) & {
  above?: ReactNode
  below?: ReactNode
  actions?: ReactNode
}) {
  useScreenName(name ?? (typeof title === "string" ? title : ""))
  return (
    <header className="mb-4 flex flex-wrap items-end gap-x-4 gap-y-3">
      <div className="min-w-0 flex-1 basis-64">
        {above !== undefined && <div className="mb-1 text-xs text-muted">{above}</div>}
        <h1 className="text-xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
        {below !== undefined && <div className="mt-1 text-sm text-muted">{below}</div>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}
