// Runs in Node, Bun, Deno, a page and a worker alike: nothing but what all of them have.

const secret = "your-webhook-secret"

/** As the sender does it, with nothing of the package. */
async function signed(body, atSeconds) {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  )
  const mac = async (text) => new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)))
  const hex = [...(await mac(body))].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return {
    "content-type": "application/json",
    "webhook-id": "evt_1234567890abcdef",
    "webhook-timestamp": String(atSeconds),
    "webhook-signature": `v1,${btoa(String.fromCharCode(...(await mac(`evt_1234567890abcdef.${atSeconds}.${body}`))))}`,
    "x-policycortex-signature": `sha256=${hex}`,
  }
}

async function receiving({ verifyPolicyCortex }, { fetchReceiver }) {
  const handled = []
  const handle = fetchReceiver(verifyPolicyCortex, { secret }, (event) => handled.push(event.data.scan.name))
  const data = { scan: { id: "scan_1", name: "Ünïcödé 🔔", compliance_score: 94.7 } }
  const body = JSON.stringify({
    id: "evt_1234567890abcdef",
    type: "scan.completed",
    created: "2024-01-15T14:30:00Z",
    data,
  })
  const now = Math.floor(Date.now() / 1000)
  const answer = async (sent, headers) => {
    const response = await handle(new Request("http://receiver.test/hook", { method: "POST", body: sent, headers }))
    return `${response.status} ${await response.text()}`
  }
  return {
    good: await answer(body, await signed(body, now)),
    changed: await answer(body.replace("scan_1", "scan_2"), await signed(body, now)),
    old: await answer(body, await signed(body, now - 3600)),
    unsigned: await answer(body, {}),
    handled,
  }
}

async function calling({ Tocsin, TocsinProblem, TocsinUnreachable, batching }, { baseUrl, apiKey }) {
  const tocsin = new Tocsin({ baseUrl, apiKey })
  const data = (n) => ({
    threat_id: `thr_${n}`,
    source_ip: "203.0.113.42",
    target_asset: "db",
    vector: "sql",
    confidence: 1,
    mitre_id: "T1190",
  })
  const event = { type: "threat.detected", data: data(0), idempotency_key: "once" }
  const first = await tocsin.events.publish(event)
  const second = await tocsin.events.publish(event)
  const { publish, flush } = batching(tocsin.events, { maxEvents: 10 })
  await Promise.all([...[1, 2, 3].map((n) => publish({ type: "threat.detected", data: data(n) })), flush()])
  const walked = []
  for await (const { id } of tocsin.events.list({ type: "threat.detected", limit: 1 })) walked.push(id)
  const lines = []
  for await (const line of tocsin.auditLog.export()) lines.push(JSON.parse(line).action)
  const problem = await tocsin.webhooks.get("wh_absent").catch((failure) => failure)
  const nobody = new Tocsin({
    baseUrl: `${baseUrl}/nowhere-that-answers`,
    apiKey,
    timeoutMs: 1,
    retries: 0,
    fetch: () => Promise.reject(new TypeError("no network")),
  })
  const unreachable = await nobody.webhooks
    .list()
    .page()
    .catch((failure) => failure)
  return {
    repeated: [first.duplicate, second.duplicate, first.id === second.id],
    walked: walked.length,
    lines,
    problem: problem instanceof TocsinProblem && [problem.status, problem.code],
    unreachable: unreachable instanceof TocsinUnreachable,
    streamed: await streaming(tocsin, data(9)),
  }
}

async function streaming(tocsin, data) {
  const stop = new AbortController()
  let connected
  const connection = new Promise((resolve) => {
    connected = resolve
  })
  const activities = tocsin.stream({ signal: stop.signal, onConnected: () => connected() })
  const next = activities.next()
  await connection
  const { id } = await tocsin.events.publish({ type: "threat.detected", data })
  const { value } = await next
  stop.abort(new Error("enough"))
  const ended = await activities.next().catch((failure) => failure.message)
  return [value.kind, value.event.id === id, ended]
}

/** What a program sees of the package; the same everywhere. */
export async function check(client, middleware, where) {
  return { receiving: await receiving(client, middleware), calling: await calling(client, where) }
}
