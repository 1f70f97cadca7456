import { randomBytes } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import { type DeliveryDetail, Tocsin } from "@tocsin/client"
import { events, type ScriptedWebhook, webhooks } from "./cast.ts"
import { judge, type PublishedEvent, type Row } from "./judging.ts"
import { type Show, steps } from "./progress.ts"
import { type Endpoint, openReceivers, type Profile, type Receivers } from "./receivers.ts"
import { startServer } from "./server-process.ts"

export type Report = {
  readonly seconds: number
  readonly rows: readonly Row[]
  /** Deliveries that needed more than one attempt. */
  readonly retried: readonly { readonly webhook: string; readonly delivery: DeliveryDetail }[]
  /** What was not as it must be; empty when all was well. */
  readonly failures: readonly string[]
}

type Registered = ScriptedWebhook & { readonly id: string; readonly endpoint: Endpoint; readonly tocsin: Tocsin }

const pollMs = 100

/**
 * Plays the demo from the server's start to its stop and compares everything with the script. Whatever happens, the
 * server is stopped and its data removed.
 * @throws Error when a step fails, or the signal's reason.
 */
export async function tellStory({ signal, show }: { signal: AbortSignal; show: Show }): Promise<Report> {
  const startedMs = performance.now()
  const step = steps(show)
  const tidying: (() => Promise<void>)[] = []
  try {
    const adminKey = `ta_${randomBytes(24).toString("base64url")}`
    const baseUrl = await step("Start a server in a process of its own, on a temporary directory", async (say) => {
      const server = await startServer(adminKey, signal)
      tidying.push(server.stop)
      say(`Server listening on ${server.address} (process ${server.processId}, data in ${server.dataDir})`)
      return server.address
    })
    const registered = await step("Register webhooks", async (say) => {
      const receivers = await openReceivers()
      tidying.push(receivers.close)
      const admin = new Tocsin({ baseUrl, apiKey: adminKey })
      const workspaces = {
        policycortex: await workspace(admin, baseUrl, "policycortex", signal),
        cybervault: await workspace(admin, baseUrl, "cybervault", signal),
      }
      const all: Registered[] = []
      for (const webhook of webhooks) {
        all.push(await register(webhook, workspaces[webhook.profile], receivers, signal))
      }
      say(`${all.length} webhooks in 2 workspaces; their receivers verify with the documents' own code`)
      return all
    })
    const { published, failures } = await step("Publish", async (say) => {
      const result = await publishAll(registered, signal)
      say(`${count(result.published)} events published, one of them twice under the same idempotency key`)
      return result
    })
    await step("Deliver", async (say) => {
      const due = registered.flatMap(({ name, profile }) =>
        published[profile].filter(({ goesTo }) => goesTo.includes(name)),
      ).length
      await settled(
        registered,
        (ended) => say(`${ended} of ${due} deliveries made; two receivers fail at first`),
        signal,
      )
      say(`${due} deliveries made, some by retries: two receivers failed at first`)
    })
    const judgements = await step("Compare what arrived with the script and the delivery log", () =>
      Promise.all(registered.map((webhook) => judged(webhook, published[webhook.profile], signal))),
    )
    return {
      seconds: (performance.now() - startedMs) / 1000,
      rows: judgements.map(({ row }) => row),
      retried: judgements.flatMap(({ retried }) => retried),
      failures: [...failures, ...judgements.flatMap((judgement) => judgement.failures)],
    }
  } finally {
    for (const tidy of tidying.reverse()) await tidy()
  }
}

type PublishedEvents = Readonly<Record<Profile, readonly PublishedEvent[]>>

function count(published: PublishedEvents): number {
  return published.policycortex.length + published.cybervault.length
}

async function workspace(admin: Tocsin, baseUrl: string, profile: Profile, signal: AbortSignal): Promise<Tocsin> {
  const { api_key } = await admin.workspaces.create({ name: `demo ${profile}`, profile }, { signal })
  return new Tocsin({ baseUrl, apiKey: api_key.key })
}

async function register(webhook: ScriptedWebhook, tocsin: Tocsin, receivers: Receivers, signal: AbortSignal) {
  const secret = `demo-${randomBytes(16).toString("hex")}`
  const endpoint = receivers.add(webhook.path, webhook.profile, secret, webhook.keeps)
  const { id } = await tocsin.webhooks.create({ ...webhook.settings, url: endpoint.url, secret }, { signal })
  return { ...webhook, id, endpoint, tocsin }
}

async function publishAll(registered: readonly Registered[], signal: AbortSignal) {
  const failures: string[] = []
  const publish = async (profile: Profile): Promise<readonly PublishedEvent[]> => {
    const tocsin = registered.find((webhook) => webhook.profile === profile)?.tocsin
    if (tocsin === undefined) throw new Error(`no webhook of the script has the profile ${profile}`)
    const published: PublishedEvent[] = []
    for (const [index, event] of events[profile].entries()) {
      const publication = { type: event.type, dataText: event.dataText, idempotency_key: `${profile}-${index}` }
      // One after the other: the order of acceptance is then the script's.
      const receipt = await tocsin.events.publish(publication, { signal })
      if (index === 0 && profile === "policycortex") {
        const again = await tocsin.events.publish(publication, { signal })
        if (!again.duplicate || again.id !== receipt.id) failures.push("an event published again was not recognised")
      }
      if (receipt.deliveries !== event.goesTo.length) {
        failures.push(`${event.type} goes to ${receipt.deliveries} webhooks, not ${event.goesTo.length}`)
      }
      published.push({ ...event, id: receipt.id })
    }
    return published
  }
  const published = { policycortex: await publish("policycortex"), cybervault: await publish("cybervault") }
  return { published, failures }
}

/** Resolves when no webhook has anything left to deliver. */
async function settled(registered: readonly Registered[], say: (ended: number) => void, signal: AbortSignal) {
  for (;;) {
    const healths = await Promise.all(registered.map(({ tocsin, id }) => tocsin.webhooks.get(id, { signal })))
    if (healths.every(({ backlog }) => backlog === 0)) return
    const kept = registered.flatMap(({ endpoint }) => endpoint.arrivals.filter((arrival) => arrival.kept))
    say(kept.length)
    await delay(pollMs, undefined, { signal })
  }
}

async function judged(webhook: Registered, published: readonly PublishedEvent[], signal: AbortSignal) {
  const deliveries: DeliveryDetail[] = []
  for await (const { id } of webhook.tocsin.deliveries.list({ webhook_id: webhook.id }, { signal })) {
    deliveries.push(await webhook.tocsin.deliveries.get(id, { signal }))
  }
  const again = deliveries.filter(({ attempts }) => attempts.length > 1)
  const retried = again.map((delivery) => ({ webhook: webhook.name, delivery }))
  return { ...judge(webhook, published, webhook.endpoint, deliveries), retried }
}
