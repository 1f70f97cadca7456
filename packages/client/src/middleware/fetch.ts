import { WebhookRefused } from "../receiving/refusal.ts"
import { piecesOf, readBounded } from "./read-bounded.ts"
import { bodyBytesMax, type HandleEvent, type ReceiverOptions, receive, type Verify } from "./receiver.ts"

/**
 * A receiver for whatever serves `Request` → `Response`: Cloudflare Workers, Deno, Bun, Next.js route handlers.
 *
 * @example export default { fetch: fetchReceiver(verifyStandard, { secret }, async (event) => store(event)) }
 */
export function fetchReceiver<Event>(
  verify: Verify<Event>,
  options: ReceiverOptions,
  handle: HandleEvent<Event>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "POST") return new Response("POST only", { status: 405, headers: { allow: "POST" } })
    const answer = await receive(verify, options, handle, request.headers, async () => bodyOf(request))
    return new Response(answer.text, { status: answer.status, headers: { "content-type": "text/plain" } })
  }
}

async function bodyOf(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (request.bodyUsed) {
    throw new WebhookRefused("body_not_raw", "The request's body was read before. Let the receiver read it.")
  }
  return request.body === null ? new Uint8Array() : readBounded(piecesOf(request.body), bodyBytesMax)
}
