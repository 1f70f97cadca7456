import { once } from "node:events"
import { createServer } from "node:http"
import express, { type Router } from "express"
import { cybervaultReceiver } from "../../../../../examples/cybervault.ts"
import { policycortexReceiver } from "../../../../../examples/policycortex.ts"
import type { Handler, Received } from "../../../../../examples/received.ts"

export type Profile = "policycortex" | "cybervault"

/** What one endpoint saw, in the order of arrival. */
export type Endpoint = {
  readonly url: string
  readonly arrivals: readonly Arrival[]
  /** Deliveries whose signature the document's code did not accept. */
  readonly refused: readonly string[]
}

export type Arrival = Received & { readonly kept: boolean }

export type Receivers = {
  /** @param keeps whether the endpoint keeps an event; where not it answers 503. */
  add(name: string, profile: Profile, secret: string, keeps: (received: Received) => boolean): Endpoint
  close(): Promise<void>
}

const receiverOf = {
  policycortex: policycortexReceiver,
  cybervault: cybervaultReceiver,
} as const satisfies Record<Profile, (secret: string, handler: Handler) => Router>

/** One web server on loopback; each endpoint is the Express receiver of `examples/`. */
export async function openReceivers(): Promise<Receivers> {
  const app = express()
  const server = createServer(app).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the receiver does not listen on TCP")
  return {
    add(name, profile, secret, keeps) {
      const arrivals: Arrival[] = []
      const refused: string[] = []
      const handler: Handler = {
        verified(received) {
          const kept = keeps(received)
          arrivals.push({ ...received, kept })
          if (!kept) throw new Error("the receiver cannot keep it now")
        },
        refused: (because) => refused.push(because),
      }
      app.use(`/${name}`, receiverOf[profile](secret, handler))
      return { url: `http://127.0.0.1:${address.port}/${name}/webhooks/${profile}`, arrivals, refused }
    },
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
