import type { FailureCode, HeaderList } from "../domain/delivery.ts"
import type { WebhookTls } from "../domain/webhook.ts"

/**
 * Connections to one origin. No more attempts are begun than there are: one that waited for a connection would go out
 * whatever has become of its webhook meanwhile, be it paused, deleted or another node's.
 */
export const socketsPerOriginMax = 128

export type SendRequest = {
  readonly url: string
  readonly headers: HeaderList
  readonly body: string
  /** For the whole attempt, from the name lookup to the last byte of the response. */
  readonly timeoutMs: number
  /** Left out or null: public authorities, and no certificate of our own. */
  readonly tls?: WebhookTls | null
}

export type SendResult = {
  readonly durationMs: number
  /** What came back, also when the attempt failed after it (a body that never ended). Null when nothing did. */
  readonly response: SentResponse | null
  /** Why no whole response came; null when one did, whatever its status. */
  readonly failure: { readonly code: FailureCode; readonly message: string } | null
}

export type SentResponse = {
  readonly status: number
  readonly headers: HeaderList
  /** The first part of the body, decoded as text. */
  readonly body: string
}

/** Posts once: no retries, no redirects, never to an address that the rules refuse. */
export interface Sender {
  /** Never rejects: whatever goes wrong is a result. */
  send(request: SendRequest): Promise<SendResult>
  /** Checks a target at registration. Resolves the name; null when it may be sent to, else why not. */
  refusal(url: string): Promise<string | null>
  close(): Promise<void>
}
