import type { Attempt, AttemptError, HeaderList, RecordedAttempt } from "./delivery.ts"

/** What only an attempt's own page shows: kept as one JSON text, from where the answer came in to where it is stored. */
type AttemptDetail = readonly [
  error: AttemptError | null,
  requestHeaders: HeaderList,
  responseHeaders: HeaderList,
  responseBody: string,
]

/** The attempt as it is settled and stored. */
export function recordedAttempt(attempt: Attempt): RecordedAttempt {
  const { number, atMs, durationMs, statusCode, error, requestHeaders, responseHeaders, responseBody } = attempt
  const detail: AttemptDetail = [error, requestHeaders, responseHeaders, responseBody]
  return { number, atMs, durationMs, statusCode, error, detail: JSON.stringify(detail) }
}

/** The attempt as it is shown. @param recorded what `recordedAttempt` made, by this process or an older one. */
export function attemptIn(recorded: Omit<RecordedAttempt, "error">): Attempt {
  const { number, atMs, durationMs, statusCode, detail } = recorded
  // Only ever written by `recordedAttempt`.
  const [error, requestHeaders, responseHeaders, responseBody] = JSON.parse(detail) as AttemptDetail
  return { number, atMs, durationMs, statusCode, error, requestHeaders, responseHeaders, responseBody }
}
