import type { ReactNode } from "react"

/** Names and values, in as many columns as fit. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="min-w-0">
          <dt className="text-xs text-muted">{name}</dt>
          <dd className="mt-0.5 wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A figure that is looked at first. Its height is the same with and without a value. */
export function Figure({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0 rounded-lg border border-line bg-surface px-4 py-3">
      <dt className="truncate text-xs text-muted">{name}</dt>
      <dd className="mt-1 truncate text-xl leading-7 font-semibold tracking-tight">{value}</dd>
      <dd className="min-h-4.5 truncate text-xs text-muted">{note}</dd>
    </div>
  )
}
