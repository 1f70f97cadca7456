import { Tocsin } from "@tocsin/client"
import { adminKey } from "../../packages/server/test/e2e/program.ts"
import { environmentOf, eventType, secret } from "./payload.ts"
import type { Served } from "./tocsin-server.ts"

export type Ordering = "strict" | "by_key" | "none"

/** What webhook number so-and-so is registered with, over what all have. */
export type WebhookOf = (number: number) => {
  readonly url: string
  /** Whose events it takes: of the environment of its own number by default; null for all events. */
  readonly environments?: readonly string[] | null
  readonly ordering?: Ordering
  readonly timeoutSeconds?: number
  readonly rateLimit?: { readonly requests: number; readonly per_seconds: number }
}

export type Workspace = {
  readonly id: string
  readonly key: string
  readonly webhookIds: readonly string[]
}

/** The server takes 100 management requests a second of each key, and 300 of a workspace: beyond it the client waits. */
const perKey = 90

/** A workspace with webhooks for the violation event, numbered in the order of `webhookIds`. */
export async function createWorkspace(address: string, webhooks: number, of: WebhookOf): Promise<Workspace> {
  const admin = new Tocsin({ baseUrl: address, apiKey: adminKey })
  const { id, api_key } = await admin.workspaces.create({ name: "bench", profile: "policycortex" })
  const client = new Tocsin({ baseUrl: address, apiKey: api_key.key })
  const webhookIds: string[] = []
  for (let from = 0; from < webhooks; from += perKey) {
    const { key } = await client.apiKeys.create({ name: `from ${from}` })
    const some = new Tocsin({ baseUrl: address, apiKey: key })
    const numbers = Array.from({ length: Math.min(perKey, webhooks - from) }, (_, at) => from + at)
    const create = async (number: number) => {
      const { url, environments = [environmentOf(number)], ordering, timeoutSeconds, rateLimit } = of(number)
      const webhook = await some.webhooks.create({
        url,
        events: [eventType],
        secret,
        ...(environments && { filters: { environments } }),
        ...(ordering && { ordering }),
        ...(timeoutSeconds && { timeout_seconds: timeoutSeconds }),
        ...(rateLimit && { rate_limit: rateLimit }),
      })
      return webhook.id
    }
    webhookIds.push(...(await Promise.all(numbers.map(create))))
  }
  return { id, key: api_key.key, webhookIds }
}

/** A restarted server has another address: clients are not kept with the workspace. */
export function clientOf({ address }: Pick<Served, "address">, { key }: Pick<Workspace, "key">): Tocsin {
  return new Tocsin({ baseUrl: address, apiKey: key })
}

/** Deliveries of the workspace that have not ended: 0 once every attempt's outcome is durable. */
export async function backlogOf(server: Pick<Served, "address">, workspace: Workspace): Promise<number> {
  let waiting = 0
  for await (const { backlog } of clientOf(server, workspace).webhooks.list({ limit: 200 })) waiting += backlog
  return waiting
}
