import { headerOf, type ReceivedHeaders } from "./received-headers.ts"

/**
 * What the headers tell about a delivery. No signature covers them: good for logs and for spotting gaps, not for
 * decisions that matter.
 */
export type DeliveryDetails = {
  /** The delivery's id, as the API and the dashboard show it. */
  readonly id: string | null
  /** From 1; rises with each try. */
  readonly attempt: number | null
  /** Per webhook, rises by one; a gap shows loss. Null on tests. */
  readonly sequence: number | null
  /** A test or verification payload: nothing has happened. */
  readonly test: boolean
}

const prefixes = ["X-PolicyCortex-", "X-CyberVault-", "Webhook-"]

export function deliveryDetails(headers: ReceivedHeaders): DeliveryDetails {
  const header = (name: string): string | null => {
    for (const prefix of prefixes) {
      const value = headerOf(headers, `${prefix}${name}`)
      if (value !== null) return value
    }
    return null
  }
  return {
    id: header("Delivery"),
    attempt: count(header("Attempt")),
    sequence: count(header("Sequence")),
    test: header("Test") === "true",
  }
}

function count(value: string | null): number | null {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null
}
