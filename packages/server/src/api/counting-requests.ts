import type { Api, ApiParts } from "./api-parts.ts"

/** Whatever a client asks for that is no route: one name, or each new path would be a series of its own. */
const unknownRoute = { method: "any", route: "unknown" } as const

/** Tells of each request that was answered, by its route as registered. */
export function countRequests(api: Api, onRequest: NonNullable<ApiParts["onRequest"]>): void {
  api.addHook("onResponse", (request, reply, done) => {
    const { url } = request.routeOptions
    const { method, route } = url === undefined ? unknownRoute : { method: request.method, route: url }
    onRequest(method, route, reply.statusCode, reply.elapsedTime)
    done()
  })
}
