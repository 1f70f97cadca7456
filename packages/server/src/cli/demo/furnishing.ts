import { Tocsin, type Webhook } from "@tocsin/client"
import type { TemperName } from "./endpoints.ts"

const hourMs = 3_600_000

/** What somebody did in the demo's workspace, and how long ago. */
export type Deed = { readonly agoMs: number; readonly act: () => Promise<unknown> }

export type Furnished = {
  readonly key: string
  readonly tocsin: Tocsin
  /** In the order of their times, the longest ago first. */
  readonly deeds: readonly Deed[]
}

/**
 * Makes the demo's workspace. Its webhooks, keys and types come about by the deeds that are returned, to be done at
 * their times, or one after the other.
 *
 * @param address of a server that may send to `origin`.
 */
export async function furnish(address: string, adminKey: string, origin: string): Promise<Furnished> {
  const admin = new Tocsin({ baseUrl: address, apiKey: adminKey })
  const { api_key } = await admin.workspaces.create({ name: "Northwind Security", profile: "policycortex" })
  const tocsin = new Tocsin({ baseUrl: address, apiKey: api_key.key })
  const made = new Map<string, Webhook>()
  const url = (temper: TemperName, name: string) => `${origin}/${temper}/${name.toLowerCase().replaceAll(" ", "-")}`
  const add = async (
    temper: TemperName,
    description: string,
    settings: Omit<Parameters<Tocsin["webhooks"]["create"]>[0], "url" | "secret" | "description">,
  ) => {
    const secret = `demo-secret-of-${temper}`
    const webhook = { url: url(temper, description), secret, description, ordering: "none" as const, ...settings }
    made.set(description, await tocsin.webhooks.create(webhook))
  }
  const idOf = (description: string) => {
    const webhook = made.get(description)
    if (!webhook) throw new Error(`${description} has not been added yet`)
    return webhook.id
  }
  let oldKey = ""
  const deeds: readonly Deed[] = [
    {
      agoMs: 26 * hourMs,
      async act() {
        await add("siem", "SIEM forwarder", { events: ["*"], headers: { "X-Tenant": "northwind" } })
        await add("tickets", "Ticketing", {
          events: ["policy.violation.created", "policy.violation.resolved", "compliance.*"],
          filters: { severity: ["HIGH", "CRITICAL"] },
        })
        await add("siem", "Critical alerts", {
          events: ["policy.*"],
          filters: { severity: ["CRITICAL"], environments: ["production"] },
          ordering: "by_key",
        })
        await add("archive", "Compliance archive", {
          events: ["compliance.*"],
          retry_config: { max_attempts: 10, initial_delay_seconds: 60, backoff_multiplier: 2.5 },
        })
        await add("identity", "Identity watch", {
          events: ["user.*"],
          retry_config: { max_attempts: 3, initial_delay_seconds: 60, backoff_multiplier: 4 },
        })
        await add("pager", "Old pager", { events: ["policy.enforcement.failed"] })
        await add("siem", "Staging mirror", { events: ["scan.completed"], filters: { environments: ["staging"] } })
        await tocsin.apiKeys.create({ name: "publisher in CI", scopes: ["events:write"] })
        const { id } = await tocsin.apiKeys.create({ name: "publisher in CI (old)", scopes: ["events:write"] })
        oldKey = id
      },
    },
    {
      agoMs: 20 * hourMs,
      act: () =>
        tocsin.eventTypes.create({
          name: "pipeline.blocked",
          description: "A deployment was stopped by policy",
          severity: "medium",
          sample: { pipeline: "web", commit: "4f2a91c" },
        }),
    },
    {
      agoMs: 19 * hourMs,
      act: () =>
        tocsin.apiKeys.create({
          name: "read-only reports",
          scopes: ["webhooks:read", "events:read", "deliveries:read"],
        }),
    },
    { agoMs: 9 * hourMs, act: () => tocsin.apiKeys.revoke(oldKey) },
    {
      agoMs: 3 * hourMs,
      act: () =>
        tocsin.webhooks.rotateSecret(idOf("Identity watch"), { secret: "demo-secret-changed", overlap_seconds: 0 }),
    },
    { agoMs: 2 * hourMs, act: () => tocsin.webhooks.update(idOf("Staging mirror"), { active: false }) },
    {
      agoMs: hourMs / 6,
      act: () => add("identity", "New endpoint", { events: ["policy.*"], verification: { enabled: true } }),
    },
  ]
  return { key: api_key.key, tocsin, deeds }
}
