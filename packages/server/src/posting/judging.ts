import type { FailureCode } from "../domain/delivery.ts"
import { explain } from "../domain/failures.ts"
import { retryAfterMs } from "../domain/retrying.ts"
import type { Verdict } from "../ports/poster.ts"
import type { SendResult } from "../ports/sender.ts"
import type { Profile } from "../profiles/profile.ts"

type Circumstances = {
  readonly timeoutMs: number
  readonly nowMs: number
  /** A test or a verification. */
  readonly test: boolean
}

/** What an attempt's result means under a profile's success rule. Pure. */
export function judge(profile: Profile, { response, failure }: SendResult, at: Circumstances): Verdict {
  if (response === null) {
    const { code, message } = failure ?? nothing
    return failed(code, message, null, profile, at)
  }
  const { status } = response
  const asked = response.headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1]
  // RFC 9110 §10.2.3 and RFC 6585 §4: only these two statuses make the header a request to come later.
  const pauseMs = asked !== undefined && (status === 429 || status === 503) ? retryAfterMs(asked, at.nowMs) : null
  // Gone is gone, however badly it was said.
  if (failure !== null && status !== gone) return failed(failure.code, failure.message, pauseMs, profile, at)
  if (profile.succeeded(status)) return { delivered: true }
  return failed(codeOf(status), `the receiver answered ${status}`, pauseMs, profile, at)
}

const gone = 410
const nothing = { code: "internal", message: "the sender gave neither a response nor a reason" } as const

function codeOf(status: number): FailureCode {
  if (status === gone) return "gone"
  if (status === 401 || status === 403) return "unauthorized"
  if (status === 429) return "rate_limited"
  return status >= 300 && status < 400 ? "redirect" : "non_2xx"
}

function failed(
  code: FailureCode,
  message: string,
  pauseMs: number | null,
  { successRule }: Profile,
  { timeoutMs, test }: Circumstances,
): Verdict {
  const hint = explain(code, { successRule, timeoutSeconds: timeoutMs / 1000, test })
  return { delivered: false, failure: { code, retryAfterMs: pauseMs }, error: { code, message, hint } }
}
