import { bodyBytesMax, type HandleEvent, type ReceiverOptions, receive, type Verify } from "./receiver.ts"

/** As much of Fastify's instance as is needed. */
export type FastifyApp = {
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    contentType: "*",
    options: { parseAs: "buffer"; bodyLimit: number },
    parser: (request: unknown, body: Uint8Array, done: (failure: null, body: Uint8Array) => void) => void,
  ): unknown
  post(path: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>): unknown
}

export type FastifyRequest = {
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly body: unknown
}

export type FastifyReply = { code(status: number): { type(contentType: string): { send(text: string): unknown } } }

/**
 * A receiver as a Fastify plugin: a route that takes bodies raw, while other routes keep their parsers.
 *
 * @example app.register(fastifyReceiver(verifyStandard, { secret, path: "/webhooks" }, async (event) => store(event)))
 */
export function fastifyReceiver<Event>(
  verify: Verify<Event>,
  options: ReceiverOptions & { readonly path: string },
  handle: HandleEvent<Event>,
): (app: FastifyApp) => Promise<void> {
  return async (app) => {
    // Fastify gives each plugin a context of its own, so this reaches no other route.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    app.post(options.path, async (request, reply) => {
      const { body } = request
      const answer = await receive(verify, options, handle, request.headers, async () =>
        body instanceof Uint8Array ? new Uint8Array(body) : new Uint8Array(),
      )
      return reply.code(answer.status).type("text/plain").send(answer.text)
    })
  }
}
