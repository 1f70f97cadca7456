import type { ReactNode } from "react"
import { told } from "../tocsin.ts"
import { Button } from "./button.tsx"
import { Icon, type IconName } from "./icons.tsx"

/** Where there is nothing yet: what would be here, and what to do for it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <span className="mb-3 grid size-10 place-items-center rounded-full bg-idle-ground text-muted">
        <Icon name={icon} width={20} height={20} />
      </span>
      <p className="font-medium">{title}</p>
      <div className="mt-1 max-w-prose text-sm text-muted [&_a]:text-accent [&_a]:underline">{children}</div>
    </div>
  )
}

/** A failure of the server or the network, with a way on. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div role="alert" className="m-4 flex items-start gap-3 rounded-md bg-bad-ground p-3 text-sm text-bad">
      <Icon name="alert" className="mt-0.5 shrink-0" />
      <p className="min-w-0 flex-1 wrap-anywhere">{told(error)}</p>
      {again !== undefined && (
        <Button small onClick={again}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Keeps the room of what is coming, so that nothing jumps when it is there. */
export function Waiting({ className = "h-40" }: { className?: string }) {
  return (
    <div className={`grid place-items-center text-sm text-muted ${className}`} role="status">
      <span className="motion-safe:animate-pulse">Loading…</span>
    </div>
  )
}

export function Notice({
  tone,
  title,
  children,
}: {
  tone: "bad" | "warn" | "info" | "good"
  title: ReactNode
  children?: ReactNode
}) {
  const look = {
    bad: "bg-bad-ground text-bad",
    warn: "bg-warn-ground text-warn",
    info: "bg-info-ground text-info",
    good: "bg-good-ground text-good",
  }[tone]
  return (
    <div className={`flex items-start gap-3 rounded-md p-3 text-sm ${look}`}>
      <Icon name={tone === "good" ? "check" : "alert"} className="mt-0.5 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children !== undefined && <div className="mt-0.5 text-ink">{children}</div>}
      </div>
    </div>
  )
}
