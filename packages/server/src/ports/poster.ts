import type { AttemptError, RecordedAttempt } from "../domain/delivery.ts"
import type { DeliveryId, EventId } from "../domain/ids.ts"
import type { Failure } from "../domain/retrying.ts"
import type { TraceContext } from "../domain/trace-context.ts"
import type { Webhook } from "../domain/webhook.ts"
import type { ProfileName } from "../domain/workspace.ts"

/** One event on its way to one webhook. */
export type Post = {
  readonly eventId: EventId
  readonly eventType: string
  readonly deliveryId: DeliveryId
  readonly attempt: number
  /** Null for a test: it takes no place in the webhook's sequence, where a gap means loss. */
  readonly sequence: number | null
  readonly body: string
  /** What the receiver is told of the trace; null: nothing. */
  readonly trace: TraceContext | null
  /** A test or verification payload, marked as such. */
  readonly test: boolean
}

/** Of a webhook, what posting to it depends on. */
export type PostTarget = Pick<
  Webhook,
  "id" | "url" | "secrets" | "headers" | "authorization" | "tls" | "timeoutSeconds"
>

/** What an attempt's result means under a profile's success rule. */
export type Verdict =
  | { readonly delivered: true }
  | { readonly delivered: false; readonly failure: Failure; readonly error: AttemptError }

export type Posted = { readonly attempt: RecordedAttempt; readonly verdict: Verdict }

/** Signs, posts and judges the answer: all of an attempt but the decision what follows from it. */
export interface Poster {
  /**
   * Makes one attempt; a receiver that answers 401 or 403 during a secret's overlap gets a second POST in it. Whatever
   * goes wrong on the way is a failed attempt: it rejects for a fault of ours alone, or when it is closed.
   */
  post(webhook: PostTarget, profile: ProfileName, post: Post): Promise<Posted>
  /** Checks a target at registration: null when it may be sent to, else why not. */
  refusal(url: string): Promise<string | null>
  /** A webhook's settings have changed, or it was deleted: old secrets are let go of. */
  changed(webhook: Webhook): void
  /** Why nothing can be posted at the moment, for a person; null when it can. */
  ready(): string | null
  /** Lets what is under way end, each by its own deadline. */
  close(): Promise<void>
}
