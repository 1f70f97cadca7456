import type { ReceivedHeaders } from "./received-headers.ts"
import { WebhookRefused } from "./refusal.ts"

/** A request that says it is a delivery. */
export type WebhookMessage = {
  /**
   * The body as it came over the wire. Never JSON that was parsed and written again: that is another text, and the
   * signature is over every byte.
   */
  readonly body: string | Uint8Array | ArrayBuffer
  readonly headers: ReceivedHeaders
}

export type VerifyOptions = {
  /** The webhook's secret as typed; during a rotation both, so that it does not matter which one signs. */
  readonly secret: string | readonly string[]
  /**
   * How far `webhook-timestamp` may be from now, either way. 300 unless told; the sender's and this clock may differ,
   * and a message recorded by somebody must not be accepted for ever.
   */
  readonly toleranceSeconds?: number | undefined
  /** Unix ms; for tests. */
  readonly nowMs?: number | undefined
}

const toleranceDefaultSeconds = 300

/** The body's bytes. @throws WebhookRefused `body_not_raw` for anything parsed, which plain JavaScript may hand over. */
export function bodyBytes(body: unknown): Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return new TextEncoder().encode(body)
  if (body instanceof Uint8Array) return new Uint8Array(body)
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  throw new WebhookRefused(
    "body_not_raw",
    "The body is not raw: something parsed it before the signature could be checked. Verify first, over the bytes as they came (in Express: express.raw({ type: 'application/json' }) on this route, before any express.json()).",
  )
}

/** @throws WebhookRefused `secret_unusable` when there is none, which an unset environment variable leads to. */
export function secretsOf({ secret }: VerifyOptions): readonly string[] {
  const secrets = typeof secret === "string" ? [secret] : Array.isArray(secret) ? secret : []
  if (secrets.length === 0 || secrets.some((each) => typeof each !== "string" || each === "")) {
    throw new WebhookRefused("secret_unusable", "No secret to verify with. Set it to the webhook's secret.")
  }
  return secrets
}

/** @throws WebhookRefused when the time is too far from now. */
export function checkTimestamp(header: string, options: VerifyOptions): void {
  if (!/^\d{1,12}$/.test(header)) {
    throw new WebhookRefused("header_malformed", "webhook-timestamp is not a number of Unix seconds.")
  }
  const toleranceSeconds = options.toleranceSeconds ?? toleranceDefaultSeconds
  const ageSeconds = (options.nowMs ?? Date.now()) / 1000 - Number(header)
  if (ageSeconds > toleranceSeconds) {
    throw new WebhookRefused(
      "timestamp_too_old",
      `The message was signed more than ${toleranceSeconds} s ago: it may be a replayed recording. Check this machine's clock.`,
    )
  }
  if (ageSeconds < -toleranceSeconds) {
    throw new WebhookRefused(
      "timestamp_in_future",
      `The message was signed more than ${toleranceSeconds} s in the future. Check this machine's clock.`,
    )
  }
}
