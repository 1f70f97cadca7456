import { createHmac } from "node:crypto"

export const secret = "your-webhook-secret"
export const nowMs = 1_705_329_000_000
export const timestampSeconds = nowMs / 1000

export const bodies = {
  policycortex: JSON.stringify({
    id: "evt_1234567890abcdef",
    type: "scan.completed",
    created: "2024-01-15T14:30:00Z",
    data: { scan: { id: "scan_1", name: "Ünïcödé 🔔", compliance_score: 94.7 } },
  }),
  cybervault: JSON.stringify({
    id: "wh_8f3a2b9c-1e4d-5f6a-7b8c-9d0e1f2a3b4c",
    event: "threat.detected",
    timestamp: "2025-01-15T14:32:00Z",
    data: { threat_id: "thr_94x2k1", severity: "critical" },
    metadata: { workspace_id: "ws_5501", engine_version: "ai_v3.1", idempotency_key: "idm_x9z8y7w6" },
  }),
  standard: JSON.stringify({ type: "invoice.paid", timestamp: "2025-01-15T14:32:00Z", data: { amount: 5 } }),
} as const

/** Headers as Node's server hands them over, computed with node:crypto alone. */
export function signedHeaders(
  body: string,
  { by = secret, id = "evt_1234567890abcdef", atSeconds = timestampSeconds } = {},
) {
  const key = by.startsWith("whsec_") ? Buffer.from(by.slice(6), "base64") : by
  const standard = createHmac("sha256", key).update(`${id}.${atSeconds}.${body}`).digest("base64")
  const hex = createHmac("sha256", by).update(body).digest("hex")
  return {
    "webhook-id": id,
    "webhook-timestamp": String(atSeconds),
    "webhook-signature": `v1,${standard}`,
    "x-policycortex-signature": `sha256=${hex}`,
    "x-cybervault-signature": hex,
  }
}
