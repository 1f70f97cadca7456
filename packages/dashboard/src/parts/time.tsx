import { useEffect, useState } from "react"

const full = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
})
const short = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
})
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "short" })

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** In the reader's zone; on hover the zone's name and the same in UTC. */
export function Time({ at, form = "short" }: { at: string; form?: "short" | "full" | "relative" }) {
  const date = new Date(at)
  const title = `${full.format(date)} (${zone})\n${at.replace("T", " ").replace(/(\.\d+)?Z$/, "")} UTC`
  return (
    <time dateTime={at} title={title} className="whitespace-nowrap">
      {form === "relative" ? <Relative atMs={date.getTime()} /> : (form === "full" ? full : short).format(date)}
    </time>
  )
}

/** Under a row's name, where a column of its own would leave no room for it. */
export function OnPhone({ at }: { at: string }) {
  return (
    <span className="block text-xs text-muted sm:hidden">
      <Time at={at} form="relative" />
    </span>
  )
}

function Relative({ atMs }: { atMs: number }) {
  const now = useNow(Math.abs(Date.now() - atMs) < 120_000 ? 1_000 : 30_000)
  return <>{ago(atMs - now)}</>
}

/** "in 5 sec.", "3 min. ago". */
export function ago(differenceMs: number): string {
  const seconds = Math.round(differenceMs / 1000)
  const size = Math.abs(seconds)
  if (size < 2) return "now"
  if (size < 90) return relative.format(seconds, "second")
  if (size < 5_400) return relative.format(Math.round(seconds / 60), "minute")
  if (size < 129_600) return relative.format(Math.round(seconds / 3_600), "hour")
  return relative.format(Math.round(seconds / 86_400), "day")
}

/** The present, again and again. @param everyMs how often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** "850 ms", "5 s", "22 h 45 min": the two largest units. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${trimmed(ms / 1_000)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return pair(minutes, "min", Math.round((ms % 60_000) / 1_000), "s")
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return pair(hours, "h", minutes % 60, "min")
  return pair(Math.floor(hours / 24), "d", hours % 24, "h")
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "")
}
