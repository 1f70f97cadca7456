import type { WebhookMessage } from "../receiving/message.ts"
import { readBounded } from "./read-bounded.ts"
import { bodyBytesMax, type HandleEvent, type ReceiverOptions, receive, type Verify } from "./receiver.ts"

/** As much of Express's (or Connect's, or Node's own) request as is needed. */
export type ExpressRequest = AsyncIterable<unknown> & {
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly body?: unknown
}

/** As much of its response. */
export type ExpressResponse = {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(text: string): unknown
}

/**
 * A receiver for an Express route, 4 or 5. It reads the raw body itself; where `express.raw()` has read it, that is
 * used. `express.json()` must not come before it: the signature is over the bytes.
 *
 * @example app.post("/webhooks", expressReceiver(verifyCyberVault, { secret }, async (event) => store(event)))
 */
export function expressReceiver<Event>(
  verify: Verify<Event>,
  options: ReceiverOptions,
  handle: HandleEvent<Event>,
): (request: ExpressRequest, response: ExpressResponse, next: (failure?: unknown) => void) => Promise<void> {
  return async (request, response, next) => {
    try {
      const answer = await receive(verify, options, handle, request.headers, () => bodyOf(request))
      response.statusCode = answer.status
      response.setHeader("content-type", "text/plain")
      response.end(answer.text)
    } catch (failure) {
      next(failure)
    }
  }
}

async function bodyOf(request: ExpressRequest): Promise<WebhookMessage["body"]> {
  const { body } = request
  if (body === undefined || unread(request)) return readBounded(request, bodyBytesMax)
  // Whatever it is: the verification says what is wrong with anything that is not raw.
  return body as WebhookMessage["body"]
}

/** Body parsers of Express 4 leave `{}` on requests that they do not read. */
function unread(request: ExpressRequest): boolean {
  return "readableDidRead" in request && request.readableDidRead === false
}
