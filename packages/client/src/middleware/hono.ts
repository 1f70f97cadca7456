import { fetchReceiver } from "./fetch.ts"
import type { HandleEvent, ReceiverOptions, Verify } from "./receiver.ts"

/** As much of Hono's context as is needed. */
export type HonoContext = { readonly req: { readonly raw: Request } }

/**
 * A receiver for a Hono route.
 *
 * @example app.post("/webhooks", honoReceiver(verifyPolicyCortex, { secret }, async (event) => store(event)))
 */
export function honoReceiver<Event>(
  verify: Verify<Event>,
  options: ReceiverOptions,
  handle: HandleEvent<Event>,
): (context: HonoContext) => Promise<Response> {
  const answer = fetchReceiver(verify, options, handle)
  return (context) => answer(context.req.raw)
}
