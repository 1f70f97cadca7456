/** Why a message was not accepted as a delivery. */
export type RefusalCode =
  | "header_missing"
  | "header_malformed"
  | "timestamp_too_old"
  | "timestamp_in_future"
  | "signature_mismatch"
  | "body_malformed"
  | "body_too_large"
  | "body_not_raw"
  | "secret_unusable"

const statuses: Readonly<Record<RefusalCode, number>> = {
  header_missing: 401,
  header_malformed: 401,
  timestamp_too_old: 401,
  timestamp_in_future: 401,
  signature_mismatch: 401,
  body_malformed: 400,
  body_too_large: 413,
  // The receiver's own mistakes: the sender can do nothing about them, and should try again later.
  body_not_raw: 500,
  secret_unusable: 500,
}

/** A message that must not be acted on. The message says what to do; it never repeats a secret or a signature. */
export class WebhookRefused extends Error {
  readonly code: RefusalCode
  /** The HTTP status to answer with. */
  readonly status: number

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "WebhookRefused"
    this.code = code
    this.status = statuses[code]
  }
}
