import Type from "typebox"
import { type ApiKey, isInForce } from "../../domain/workspace.ts"
import { keyOf, sessionOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"
import type { Sessions } from "../session/sessions.ts"
import type { Activity, ActivityFeed } from "./activity-feed.ts"

const streamsPerWorkspaceMax = 20
/** Below the idle timeouts of common proxies. */
const heartbeatMs = 15_000
/** A reader this far behind is not reading: it is cut off rather than kept in memory. */
const unsentBytesMax = 1024 * 1024

/** GET /v1/stream: server-sent events (WHATWG HTML, "Server-sent events"). */
export function streamActivity(api: Api, parts: ApiParts, feed: ActivityFeed, sessions: Sessions): void {
  const { clock, registry } = parts
  const open = new Set<() => void>()
  api.addHook("preClose", async () => {
    for (const end of [...open]) end()
  })
  api.get(
    "/v1/stream",
    {
      schema: {
        tags: ["events"],
        operationId: "stream",
        summary: "Events and attempts as they happen (server-sent events)",
        description:
          "`event: event` needs `events:read`, `event: attempt` needs `deliveries:read`. What happens from now on, on whatever node: the lists are the record.",
        response: { 200: { description: "A stream", content: { "text/event-stream": { schema: Type.String() } } } },
      },
      // Its answer would be a stream without a body, which never ends.
      exposeHeadRoute: false,
      config: { access: "any_key" },
    },
    (request, reply) => {
      const [key, session] = [keyOf(request), sessionOf(request)]
      const wanted = wantedKinds(key)
      if (feed.watchers(key.workspaceId) >= streamsPerWorkspaceMax) {
        throw new Problem("rate_limited", {
          detail: `This workspace has ${streamsPerWorkspaceMax} streams open already.`,
          headers: { "retry-after": "15" },
        })
      }
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        // Ends with the stream, so that a stopping server need not wait for it to be idle.
        connection: "close",
        // Asks nginx and its kin not to hold the stream back.
        "x-accel-buffering": "no",
      })
      raw.write(": watching\n\n")

      const unsubscribe = feed.subscribe(key.workspaceId, (activity) => {
        if (!isValid()) return end()
        if (wanted.has(activity.kind)) send(`event: ${activity.kind}\ndata: ${JSON.stringify(activity.shown)}\n\n`)
      })
      let cancelHeartbeat = clock.after(heartbeatMs, beat)
      open.add(end)
      raw.once("close", end)

      function send(text: string): void {
        raw.write(text)
        if (raw.writableLength > unsentBytesMax) raw.destroy()
      }

      /** Whoever has been signed out since, or whose key was revoked or has expired, must not go on reading. */
      function isValid(): boolean {
        const [now, nowMs] = [registry.keyByHash(key.hash), clock.now()]
        return now !== undefined && isInForce(now, nowMs) && (session === null || sessions.isOpen(session, nowMs))
      }

      function beat(): void {
        if (!isValid()) return end()
        send(": alive\n\n")
        cancelHeartbeat = clock.after(heartbeatMs, beat)
      }

      function end(): void {
        cancelHeartbeat()
        unsubscribe()
        open.delete(end)
        raw.end()
      }
    },
  )
}

function wantedKinds({ scopes }: ApiKey): ReadonlySet<Activity["kind"]> {
  const wanted = new Set<Activity["kind"]>()
  if (scopes.includes("events:read")) wanted.add("event")
  if (scopes.includes("deliveries:read")) wanted.add("attempt")
  if (wanted.size === 0) throw new Problem("scope_missing", { detail: "This needs events:read or deliveries:read." })
  return wanted
}
