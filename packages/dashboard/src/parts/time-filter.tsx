import { useMemo } from "react"
import { useAddress } from "./address.ts"
import { Flaws, inputClass } from "./field.tsx"
import { instantOf, localTime } from "./local-time.ts"

const hourMs = 3_600_000
const spans = [
  ["15m", "Last 15 minutes", hourMs / 4],
  ["1h", "Last hour", hourMs],
  ["24h", "Last 24 hours", 24 * hourMs],
  ["7d", "Last 7 days", 7 * 24 * hourMs],
] as const
const custom = "custom"

type Time = {
  /** For a list's query: RFC 3339, each left out where there is no bound. */
  readonly range: { readonly from?: string; readonly to?: string }
  readonly span: string
  readonly choose: (changes: Readonly<Record<"span" | "from" | "to", string | undefined>>) => void
}

/** The time that a list is narrowed to, kept in the address: a span until now, or free bounds. */
export function useTimeFilter(): Time {
  const [{ span = "", from, to }, setAddress] = useAddress()
  const range = useMemo(() => {
    if (span === custom) return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
    const found = spans.find(([id]) => id === span)
    // Once per choice: a moving bound would be another list at each second.
    return found ? { from: new Date(Date.now() - found[2]).toISOString() } : {}
  }, [span, from, to])
  return { range, span, choose: setAddress }
}

export function TimeSelect({ time: { span, choose } }: { time: Time }) {
  const chosen = (value: string) => {
    const from = value === custom ? new Date(Date.now() - hourMs).toISOString() : undefined
    choose({ span: value === "" ? undefined : value, from, to: undefined })
  }
  return (
    <select aria-label="Time" className={inputClass} value={span} onChange={(event) => chosen(event.target.value)}>
      <option value="">Any time</option>
      {spans.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
      <option value={custom}>From … to …</option>
    </select>
  )
}

/** The free bounds, in the reader's zone; nothing where a span is chosen. */
export function TimeBounds({ time: { span, range, choose } }: { time: Time }) {
  if (span !== custom) return null
  const backwards = range.from !== undefined && range.to !== undefined && range.from >= range.to
  const bound = (name: "from" | "to", label: string) => (
    <label className="flex items-center gap-2">
      <span className="text-xs text-muted">{label}</span>
      <input
        type="datetime-local"
        step="1"
        className={inputClass}
        aria-invalid={backwards || undefined}
        defaultValue={range[name] === undefined ? "" : localTime(Date.parse(range[name]))}
        onChange={({ target: { value } }) => {
          // Half typed is not a time yet; emptied is no bound.
          const instant = value === "" ? undefined : (instantOf(value) ?? range[name])
          choose({ span, from: range.from, to: range.to, [name]: instant })
        }}
      />
    </label>
  )
  return (
    <fieldset className="col-span-full flex flex-wrap items-center gap-x-4 gap-y-2">
      <legend className="sr-only">Time range</legend>
      {bound("from", "From")}
      {bound("to", "To")}
      <span className="text-xs text-muted">in {Intl.DateTimeFormat().resolvedOptions().timeZone}</span>
      <Flaws flaws={backwards ? ["The end is not after the start"] : []} />
    </fieldset>
  )
}
