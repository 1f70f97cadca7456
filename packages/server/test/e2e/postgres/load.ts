import { Agent, request } from "node:http"
import { setTimeout as delay } from "node:timers/promises"

export type Acknowledged = {
  readonly id: string
  readonly publisher: number
  readonly sentMs: number
  readonly acknowledgedMs: number
}

/** What each of several publishers was told, in the order in which it was told. */
export type Ledger = Acknowledged[]

export type Load = {
  readonly ledger: Ledger
  /** Answers other than 202, by status. Those without an answer count as 0. */
  readonly refusals: Map<number, number>
  stop(): Promise<void>
}

const answerMaxMs = 30_000

/**
 * Publishers that go on whatever happens: each sends one event after the other to the nodes in turn, as fast as they are
 * delivered. On a machine that is busy with other things a strict lane sends a few a second; if more were published,
 * what is measured after a fault would be how long the lane takes to catch up, which then is for ever. What was not
 * acknowledged is not sent again: nobody knows whether it was stored, and the ledger says nothing about it.
 */
export function startLoad(options: {
  readonly publishers: number
  readonly pauseMs: number
  readonly key: string
  readonly addresses: () => readonly string[]
  /** How many acknowledged events are still on their way; with `behindMax` of them publishers wait. Left out: never. */
  readonly behind?: (ledger: Ledger) => number
  readonly behindMax?: number
}): Load {
  const { behind = () => 0, behindMax = Number.POSITIVE_INFINITY } = options
  const ledger: Ledger = []
  const refusals = new Map<number, number>()
  const agent = new Agent({ keepAlive: true })
  let stopped = false

  async function publish(publisher: number): Promise<void> {
    for (let count = 0; !stopped; count++) {
      while (!stopped && behind(ledger) >= behindMax) await delay(options.pauseMs)
      const addresses = options.addresses()
      const address = addresses[(count + publisher) % addresses.length] ?? ""
      const sentMs = performance.now()
      const body = JSON.stringify({
        type: "load.tested",
        data: { publisher, count },
        ordering_key: `publisher-${publisher}`,
      })
      const { status, text } = await post(agent, `${address}/v1/events`, options.key, body)
      if (status === 202) {
        const { id }: { id: string } = JSON.parse(text)
        ledger.push({ id, publisher, sentMs, acknowledgedMs: performance.now() })
      } else refusals.set(status, (refusals.get(status) ?? 0) + 1)
      await delay(options.pauseMs)
    }
  }

  const publishing = Array.from({ length: options.publishers }, (_, publisher) => publish(publisher))
  return {
    ledger,
    refusals,
    async stop() {
      stopped = true
      await Promise.all(publishing)
      agent.destroy()
    },
  }
}

function post(agent: Agent, url: string, key: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const nothing = () => resolve({ status: 0, text: "" })
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const sent = request(url, { method: "POST", agent, headers, timeout: answerMaxMs }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      response.on("error", nothing)
      response.on("end", () => (response.complete ? resolve({ status: response.statusCode ?? 0, text }) : nothing()))
    })
    sent.on("timeout", () => sent.destroy())
    sent.on("error", nothing)
    sent.end(body)
  })
}
