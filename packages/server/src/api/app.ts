import { randomBytes } from "node:crypto"
import { fastifyCookie as cookies } from "@fastify/cookie"
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox"
import Fastify, { type FastifyInstance, LogController } from "fastify"
import { sealerFor } from "../secrets/sealing.ts"
import { guardRoutes } from "./access.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import { countRequests } from "./counting-requests.ts"
import { takeJsonBodies } from "./json-bodies.ts"
import { KeyUse } from "./key-use.ts"
import { describeRoutes } from "./openapi.ts"
import { AcceptedMinutes } from "./overview/accepted-minutes.ts"
import { malformedHttpReply, problemOf, replyWithProblems, sendProblem } from "./problem-replies.ts"
import { Problem } from "./problems.ts"
import { limitRates } from "./rate-limiting.ts"
import { addRoutes } from "./routes.ts"
import { listsInTurns } from "./searching.ts"
import { Sessions } from "./session/sessions.ts"
import { ActivityFeed } from "./stream/activity-feed.ts"
import { compileValidator, refuseStrayQueries } from "./validation.ts"

/** Of management requests; publishing routes state their own. */
const bodyBytesMax = 256 * 1024

/** The whole HTTP API of api.md, ready to listen or to be injected into. Holds nothing outside what it returns. */
export function buildApi(given: ApiParts): FastifyInstance {
  const feed = given.feed ?? new ActivityFeed(given.clock)
  const accepted = new AcceptedMinutes(given.store, given.clock)
  const parts: ApiParts = { ...given, intake: watched(given.intake, feed, accepted) }
  const api: Api = Fastify({
    loggerInstance: parts.logger,
    // Two lines for each request would cost more than the request. What matters is logged where it happens.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    trustProxy: parts.trustProxy ?? false,
    genReqId: requestIds(),
    // Answered below as a problem, like everything else.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendProblem(reply, problemOf(error, request), request.id),
    clientErrorHandler: (error, socket) => {
      if (error.code !== "ECONNRESET" && socket.writable) socket.end(malformedHttpReply(error.code))
      else socket.destroy()
    },
    // The largest body on a slow line; without it, bytes dripped one by one would hold a connection for ever.
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 200 },
  }).withTypeProvider<TypeBoxTypeProvider>()
  api.setValidatorCompiler(compileValidator)

  const sessions = new Sessions(parts.sessionSealing ?? sealerFor(randomBytes(32)))
  const use = new KeyUse(parts.store, parts.clock, (error) => api.log.error({ err: error }, "key use was not noted"))
  const lists = listsInTurns(parts.store)
  api.addHook("onReady", async () => use.start())
  api.addHook("onClose", async () => use.stop())

  // No hook: only a request without a key is looked through for a session's cookie (`session-cookie.ts`).
  api.register(cookies, { hook: false })
  if (parts.onRequest) countRequests(api, parts.onRequest)
  refuseWhileClosing(api)
  replyWithProblems(api)
  takeJsonBodies(api)
  guardRoutes(api, parts, use, sessions)
  limitRates(api, parts.limits)
  refuseStrayQueries(api)
  describeRoutes(api, parts.version)
  api.register(async (routes) =>
    addRoutes(routes.withTypeProvider<TypeBoxTypeProvider>(), parts, { use, sessions, feed, accepted, lists }),
  )
  return api
}

function watched(intake: ApiParts["intake"], feed: ActivityFeed, accepted: AcceptedMinutes): ApiParts["intake"] {
  return {
    // No async function: it would hold the submissions while they are committed (see `Intake.accept`).
    accept: (workspaceId, submissions, trace) =>
      intake.accept(workspaceId, submissions, trace).then((outcome) => {
        if (!outcome.accepted) return outcome
        feed.accepted(workspaceId, outcome.receipts)
        accepted.count(workspaceId, outcome.receipts.filter(({ duplicate }) => !duplicate).length)
        return outcome
      }),
  }
}

/** Connections kept alive still bring requests then: their clients are sent elsewhere. */
function refuseWhileClosing(api: Api): void {
  let closing = false
  api.addHook("preClose", async () => {
    closing = true
  })
  api.addHook("onRequest", (_request, _reply, done) => {
    if (!closing) return done()
    done(new Problem("shutting_down", { headers: { "retry-after": "1", connection: "close" } }))
  })
}

/** Cheap and unique: the process's own random part, then a count. */
function requestIds(): () => string {
  const process = randomBytes(6).toString("hex")
  let count = 0
  return () => `req_${process}_${(++count).toString(36)}`
}
