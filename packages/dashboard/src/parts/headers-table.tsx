import type { HeaderValues } from "@tocsin/client"
import { CopyButton } from "./copy-button.tsx"

export function HeadersTable({ headers, what }: { headers: HeaderValues; what: string }) {
  const entries = Object.entries(headers)
  const text = entries.map(([name, value]) => `${name}: ${value}`).join("\n")
  return (
    <figure className="min-w-0 overflow-hidden rounded-md border border-line bg-sunken">
      <figcaption className="flex min-h-8 items-center justify-between border-b border-line pr-1 pl-3 text-xs text-muted">
        {what}
        {entries.length > 0 && <CopyButton text={text} what={what.toLowerCase()} />}
      </figcaption>
      {entries.length === 0 ? (
        <p className="p-3 text-xs text-muted">(none)</p>
      ) : (
        <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1 p-3 font-mono text-xs max-sm:grid-cols-1">
          {entries.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted wrap-anywhere">{name}</dt>
              <dd className="wrap-anywhere max-sm:mb-1">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </figure>
  )
}
