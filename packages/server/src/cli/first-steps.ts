import type { Config } from "../config.ts"
import type { Running } from "../serve.ts"

/** What `npm start` prints: where it listens, the admin key once, and three commands that can be pasted as they are. */
export function firstSteps({ address, adminKey }: Running, config: Config): string {
  const lines = [
    "",
    `  Tocsin is listening on ${address}`,
    `  Data in ${config.dataDir}   API description at ${address}/openapi.json`,
    "",
  ]
  if (adminKey.shown !== null) {
    lines.push(`  Admin key (shown this once, only its hash is kept): ${adminKey.shown}`, "")
  }
  const key = adminKey.shown ?? "$TOCSIN_ADMIN_KEY"
  if (adminKey.shown === null) lines.push("  With TOCSIN_ADMIN_KEY set to your admin key:", "")
  if (!receivesHere(config)) {
    lines.push("  To receive on this machine: TOCSIN_ALLOWED_TARGETS=localhost npm start, and npm run receiver", "")
  }
  lines.push(
    "  Create a workspace, register a webhook, publish an event:",
    "",
    `TOCSIN_KEY=$(${post(`${address}/v1/workspaces`, key, '{"name":"acme","profile":"policycortex"}')} | sed -n 's/.*"key":"\\([^"]*\\)".*/\\1/p')`,
    "",
    post(`${address}/v1/webhooks`, "$TOCSIN_KEY", webhook(receiverUrl(config))),
    "",
    post(`${address}/v1/events`, "$TOCSIN_KEY", event),
    "",
    "",
  )
  return lines.join("\n")
}

function post(url: string, key: string, body: string): string {
  return `curl -sS -X POST ${url} -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${body}'`
}

function receivesHere({ allowedTargets }: Config): boolean {
  return allowedTargets.hostListed("localhost", 3000)
}

/** A receiver on this machine where the operator allows one, else one that the reader has to replace. */
function receiverUrl(config: Config): string {
  return receivesHere(config)
    ? "http://localhost:3000/webhooks/policycortex"
    : // A name that is nobody's (RFC 2606): a first try must not post to a stranger.
      "https://your-app.example/webhooks/policycortex"
}

function webhook(url: string): string {
  return JSON.stringify({ url, events: ["policy.*", "compliance.status.changed"], secret: "your-webhook-secret" })
}

const event = JSON.stringify({
  type: "compliance.status.changed",
  data: {
    compliance: {
      framework: "SOC2",
      account_id: "123456789012",
      previous_score: 87.5,
      current_score: 92.3,
      status: "COMPLIANT",
      previous_status: "NON_COMPLIANT",
      changed_controls: [],
      assessment_date: "2024-01-15T14:30:00Z",
    },
  },
})
