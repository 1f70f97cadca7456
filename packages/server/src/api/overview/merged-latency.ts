export type Latency = { readonly p50: number; readonly p95: number; readonly p99: number }

export type LatencyShare = { readonly latency: Latency; readonly attempts: number }

/**
 * Percentiles of a whole whose parts are known by theirs alone: each part is taken as spread evenly between its known
 * points, which is exact for one part and close for several. Averages of percentiles would be neither.
 *
 * @returns null without any attempts.
 */
export function mergedLatency(parts: readonly LatencyShare[]): Latency | null {
  const counted = parts.filter(({ attempts }) => attempts > 0)
  const [only] = counted
  if (only === undefined) return null
  if (counted.length === 1) return only.latency
  return { p50: quantile(counted, 0.5), p95: quantile(counted, 0.95), p99: quantile(counted, 0.99) }
}

function quantile(parts: readonly LatencyShare[], share: number): number {
  const attempts = parts.reduce((sum, part) => sum + part.attempts, 0)
  let low = 0
  let high = Math.max(...parts.map(({ latency }) => latency.p99))
  // Twenty halvings narrow a minute down to a tenth of a millisecond.
  for (let halved = 0; halved < 20; halved++) {
    const middle = (low + high) / 2
    const below = parts.reduce((sum, part) => sum + part.attempts * shareBelow(part.latency, middle), 0)
    if (below / attempts < share) low = middle
    else high = middle
  }
  return Math.round(high * 10) / 10
}

function shareBelow({ p50, p95, p99 }: Latency, valueMs: number): number {
  const points = [
    [0, 0],
    [p50, 0.5],
    [p95, 0.95],
    [p99, 1],
  ] as const
  let [fromMs, fromShare]: readonly [number, number] = points[0]
  for (const [toMs, toShare] of points.slice(1)) {
    if (valueMs < toMs) return fromShare + ((toShare - fromShare) * (valueMs - fromMs)) / (toMs - fromMs)
    fromMs = toMs
    fromShare = toShare
  }
  return 1
}
