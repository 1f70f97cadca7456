import type { Clock } from "../../ports/clock.ts"
import type { HealthCheck } from "../api-parts.ts"

/** Anyone may ask, and the store's check is a durable write: however many ask, it is made about once a second. */
const rememberedMs = 1_000

/**
 * Asks the checks, and remembers what they said for about a second; whoever asks meanwhile is told the same.
 *
 * @returns asks: resolves to null when all is well, else to the reasons why not. Never rejects.
 */
export function readiness(checks: readonly HealthCheck[], clock: Clock): () => Promise<string | null> {
  let last: { readonly reason: Promise<string | null>; endsMs: number } | null = null
  return () => {
    if (last !== null && clock.monotonic() < last.endsMs) return last.reason
    // While it is under way nobody begins another; it is remembered from when it is known.
    const asked = { reason: reasonOf(checks), endsMs: Number.POSITIVE_INFINITY }
    void asked.reason.then(() => {
      asked.endsMs = clock.monotonic() + rememberedMs
    })
    last = asked
    return asked.reason
  }
}

async function reasonOf(checks: readonly HealthCheck[]): Promise<string | null> {
  const reasons = await Promise.all(
    checks.map(async ({ name, check }) => {
      const reason = await check().catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      return reason === null ? [] : [`${name}: ${reason}`]
    }),
  )
  return reasons.flat().join("; ") || null
}
