/** What each slice of time delivered and failed, small enough for a table's row. */
export function Sparkline({
  series,
  says,
}: {
  series: readonly { readonly at: string; readonly delivered: number; readonly failed: number }[]
  says: string
}) {
  const most = Math.max(1, ...series.map(({ delivered, failed }) => delivered + failed))
  const width = 100 / Math.max(1, series.length)
  return (
    <svg role="img" aria-label={says} viewBox="0 0 100 24" preserveAspectRatio="none" className="h-6 w-full">
      <title>{says}</title>
      <rect x="0" y="23" width="100" height="1" className="fill-line" />
      {series.map(({ at, delivered, failed }, index) => {
        const good = (delivered / most) * 23
        // A failure among thousands is still to be seen.
        const bad = failed === 0 ? 0 : Math.max(2, (failed / most) * 23)
        return (
          <g key={at}>
            <rect x={index * width} y={23 - good - bad} width={width * 0.8} height={bad} className="fill-plot-bad" />
            <rect x={index * width} y={23 - good} width={width * 0.8} height={good} className="fill-plot-good" />
          </g>
        )
      })}
    </svg>
  )
}
