import { duration } from "../parts/time.tsx"
import { retrySchedule, retryWindowMs } from "./retry-schedule.ts"

const marks = [
  [1_000, "1 s"],
  [10_000, "10 s"],
  [60_000, "1 min"],
  [600_000, "10 min"],
  [3_600_000, "1 h"],
  [retryWindowMs, "24 h"],
] as const

/** Seconds and hours on one line: equal steps are equal factors. */
function place(atMs: number): number {
  const share = Math.log10(Math.max(atMs, 500) / 500) / Math.log10(retryWindowMs / 500)
  return 12 + share * 376
}

/** The attempts that these settings come to, each a dot. */
export function SchedulePicture(config: {
  max_attempts: number
  backoff_multiplier: number
  initial_delay_seconds: number
}) {
  const { attemptsMs, beyondWindow } = retrySchedule(config)
  const last = attemptsMs.at(-1) ?? 0
  const says =
    attemptsMs.length === 1
      ? "One attempt, no retries."
      : `${attemptsMs.length} attempts over ${duration(last)}; the first retry after ${duration(attemptsMs[1] ?? 0)}.`
  return (
    <figure className="rounded-md border border-line bg-sunken p-3">
      <svg role="img" aria-label={says} viewBox="0 0 400 52" className="w-full">
        <title>{says}</title>
        <line x1="12" x2="388" y1="20" y2="20" className="stroke-edge" strokeWidth="1" />
        {marks.map(([atMs, text]) => (
          <g key={text}>
            <line x1={place(atMs)} x2={place(atMs)} y1="14" y2="26" className="stroke-edge" strokeWidth="1" />
            <text
              x={place(atMs)}
              y="44"
              textAnchor={atMs === retryWindowMs ? "end" : "middle"}
              className="fill-muted text-[12px]"
            >
              {text}
            </text>
          </g>
        ))}
        {attemptsMs.map((atMs) => (
          <circle key={atMs} cx={place(atMs)} cy="20" r="5" className="fill-accent stroke-sunken" strokeWidth="1.5">
            <title>{atMs === 0 ? "at once" : `after ${duration(atMs)}`}</title>
          </circle>
        ))}
      </svg>
      <figcaption className="mt-1 text-xs text-muted">
        {says} Each delay varies by ±10 %.
        {beyondWindow > 0 && (
          <strong className="block font-medium text-warn">
            {beyondWindow} of {config.max_attempts} attempts would come after the 24-hour window and are not made.
          </strong>
        )}
      </figcaption>
    </figure>
  )
}
