import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from "fastify"

/** For routes whose body has optional members only: no body is the same as `{}`. */
export function emptyBodyIsObject(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  request.body ??= {}
  done()
}
