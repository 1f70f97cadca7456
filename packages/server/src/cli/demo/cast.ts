import type { NewWebhook } from "@tocsin/client"
import type { Received } from "../../../../../examples/received.ts"
import type { Profile } from "./receivers.ts"

export type WebhookName = "everything, in order" | "as documented" | "critical only" | "recovers"

/** An event of the story, and the webhooks that must get it: stated, not computed by what is being shown. */
export type ScriptedEvent = {
  readonly type: string
  /** As it is written: receivers must get the same text. */
  readonly dataText: string
  readonly goesTo: readonly WebhookName[]
}

export type ScriptedWebhook = {
  readonly name: WebhookName
  readonly path: string
  readonly profile: Profile
  readonly settings: Omit<NewWebhook, "url" | "secret">
  /** Whether the order of arrival must be the order of publishing. */
  readonly ordered: boolean
  /** Whether the receiver keeps what came, or answers 503. */
  readonly keeps: (received: Received) => boolean
  /** Failed attempts that must be seen. */
  readonly failures: number
}

/** Soon enough for a demonstration: the default is 5 seconds. */
const quickRetries = { initial_delay_seconds: 1, backoff_multiplier: 2 }

export const webhooks: readonly ScriptedWebhook[] = [
  {
    name: "everything, in order",
    path: "everything",
    profile: "policycortex",
    settings: { events: ["*"], ordering: "strict", retry_config: quickRetries },
    ordered: true,
    // One that fails in the middle: those behind it must wait.
    keeps: ({ sequence, attempt }) => sequence !== 5 || attempt > 1,
    failures: 1,
  },
  {
    name: "as documented",
    path: "documented",
    profile: "policycortex",
    settings: {
      events: ["policy.violation.created", "compliance.status.changed"],
      filters: { severity: ["HIGH", "CRITICAL"], environments: ["production"], cloud_providers: ["aws", "azure"] },
      retry_config: { max_attempts: 3, backoff_multiplier: 2 },
      timeout_seconds: 30,
      headers: { "X-Custom-Header": "custom-value" },
    },
    ordered: true,
    keeps: () => true,
    failures: 0,
  },
  {
    name: "critical only",
    path: "critical",
    profile: "cybervault",
    settings: { events: ["*"], filters: { severity: ["critical"] } },
    ordered: false,
    keeps: () => true,
    failures: 0,
  },
  {
    name: "recovers",
    path: "recovers",
    profile: "cybervault",
    settings: { events: ["threat.*", "incident.*"], retry_config: quickRetries },
    ordered: false,
    keeps: ({ sequence, attempt }) => sequence !== 1 || attempt > 2,
    failures: 2,
  },
]

const all = "everything, in order"
const documented = "as documented"

export const events: Readonly<Record<Profile, readonly ScriptedEvent[]>> = {
  policycortex: [
    violation("CRITICAL", "production", "arn:aws:s3:::payments", [all, documented]),
    violation("LOW", "production", "arn:aws:s3:::logs", [all]),
    violation("HIGH", "staging", "arn:aws:s3:::payments-staging", [all]),
    violation("HIGH", "production", "/subscriptions/7f3a/resourceGroups/core", [all, documented]),
    violation("CRITICAL", "production", "projects/core/zones/europe-west1-b", [all]),
    compliance("SOC2", "92.30", [all, documented]),
    compliance("HIPAA", "88.0", [all, documented]),
    {
      type: "scan.completed",
      dataText:
        '{"scan":{"id":"scan_abc123def456","name":"Nightly","status":"completed","started_at":"2024-01-15T14:30:00Z","completed_at":"2024-01-15T15:00:00Z","duration":"30m","resources_scanned":12345678901234567890,"violations_found":23,"compliance_score":94.70}}',
      goesTo: [all],
    },
    violation("MEDIUM", "production", "arn:aws:iam::123456789012:role/admin", [all]),
    violation("HIGH", "production", "arn:aws:ec2:eu-west-1:123456789012:instance/i-0f", [all, documented]),
  ],
  cybervault: [
    threat("thr_94x2k1", "critical", ["critical only", "recovers"]),
    threat("thr_94x2k2", "low", ["recovers"]),
    threat("thr_94x2k3", "critical", ["critical only", "recovers"]),
    threat("thr_94x2k4", "medium", ["recovers"]),
  ],
}

function violation(
  severity: string,
  environment: string,
  resource: string,
  goesTo: readonly WebhookName[],
): ScriptedEvent {
  const text = `{"violation":{"id":"viol_abcdef1234567890","policy_id":"pol_567890abcdef1234","policy_name":"require-encryption","resource_id":"${resource}","resource_type":"storage","severity":"${severity}","status":"OPEN","message":"Encryption must be on","detected_at":"2024-01-15T14:29:45Z","account_id":"123456789012","region":"eu-west-1","tags":{"environment":"${environment}","team":"plattform-größe"},"compliance_frameworks":["SOC2"]}}`
  return { type: "policy.violation.created", dataText: text, goesTo }
}

function compliance(framework: string, score: string, goesTo: readonly WebhookName[]): ScriptedEvent {
  const text = `{"compliance":{"framework":"${framework}","account_id":"123456789012","previous_score":87.5,"current_score":${score},"status":"COMPLIANT","previous_status":"NON_COMPLIANT","changed_controls":[],"assessment_date":"2024-01-15T14:30:00Z"}}`
  return { type: "compliance.status.changed", dataText: text, goesTo }
}

function threat(id: string, severity: string, goesTo: readonly WebhookName[]): ScriptedEvent {
  const text = `{"threat_id":"${id}","severity":"${severity}","source_ip":"203.0.113.42","target_asset":"prod-db-01.cybervault.internal","vector":"sql_injection","confidence":0.98,"mitre_id":"T1190"}`
  return { type: "threat.detected", dataText: text, goesTo }
}
