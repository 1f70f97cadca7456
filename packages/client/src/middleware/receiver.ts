import { type DeliveryDetails, deliveryDetails } from "../receiving/delivery-details.ts"
import type { VerifyOptions, WebhookMessage } from "../receiving/message.ts"
import { WebhookRefused } from "../receiving/refusal.ts"

/** `verifyPolicyCortex`, `verifyCyberVault` or `verifyStandard`. */
export type Verify<Event> = (message: WebhookMessage, options: VerifyOptions) => Promise<Event>

export type ReceiverOptions = VerifyOptions & {
  /** Told of every message that was refused, for the log. */
  readonly onRefused?: ((refused: WebhookRefused) => void) | undefined
}

/**
 * What is done with a verified event. When it resolves, the sender is told that all is well; so store the event, answer,
 * and work on it afterwards: the sender waits a few seconds only. When it throws, the framework answers with an error
 * and the sender tries again later.
 */
export type HandleEvent<Event> = (event: Event, delivery: DeliveryDetails) => unknown

export type Answer = { readonly status: number; readonly text: string }

/** An event is within 256 KiB of `data`; the rest is envelope. What is longer is no delivery. */
export const bodyBytesMax = 1024 * 1024

/**
 * Verifies, hands over, and says what to answer. The answer to a stranger says no more than that it is refused.
 *
 * @param readBody may throw `WebhookRefused`.
 * @throws what `handle` throws.
 */
export async function receive<Event>(
  verify: Verify<Event>,
  options: ReceiverOptions,
  handle: HandleEvent<Event>,
  headers: WebhookMessage["headers"],
  readBody: () => Promise<WebhookMessage["body"]>,
): Promise<Answer> {
  let event: Event
  try {
    event = await verify({ body: await readBody(), headers }, options)
  } catch (failure) {
    if (!(failure instanceof WebhookRefused)) throw failure
    options.onRefused?.(failure)
    return { status: failure.status, text: failure.code }
  }
  await handle(event, deliveryDetails(headers))
  // 200, not 204: one of the profiles counts only 200 and 201 as success.
  return { status: 200, text: "OK" }
}
