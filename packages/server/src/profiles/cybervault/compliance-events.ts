import type { EventType } from "../../domain/workspace.ts"
import { flatEventType } from "./flat-event-type.ts"

const group = "Compliance"

export const complianceEvents: readonly EventType[] = [
  flatEventType(
    {
      name: "compliance.report.ready",
      group,
      description: "A SOC 2 or ISO 27001 audit report was produced",
      severity: "info",
      sample: {
        report_id: "rpt_2m5x9z",
        severity: "info",
        framework: "SOC 2",
        period_start: "2024-10-01T00:00:00Z",
        period_end: "2024-12-31T23:59:59Z",
        score: 96.4,
        download_url: "https://app.cybervault.io/reports/rpt_2m5x9z",
      },
    },
    { resource: [], optional: ["score", "download_url"] },
  ),
  flatEventType(
    {
      name: "policy.changed",
      group,
      description: "A security policy was edited",
      severity: "low",
      sample: {
        policy_id: "pol_8t4r1b",
        severity: "low",
        policy_name: "Block unsigned binaries",
        changed_by: "a.novak",
        previous_version: 6,
        current_version: 7,
        changed_at: "2025-01-15T10:15:00Z",
      },
    },
    { resource: [], optional: ["previous_version", "current_version"] },
  ),
]
