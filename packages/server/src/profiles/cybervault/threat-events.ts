import type { EventType } from "../../domain/workspace.ts"
import { flatEventType } from "./flat-event-type.ts"

const group = "Threats"
const resource = ["target_asset"]

export const threatEvents: readonly EventType[] = [
  flatEventType(
    {
      name: "threat.detected",
      group,
      description: "The AI engine saw malicious activity",
      severity: "critical",
      sample: {
        threat_id: "thr_94x2k1",
        severity: "critical",
        source_ip: "203.0.113.42",
        target_asset: "prod-db-01.cybervault.internal",
        vector: "sql_injection",
        confidence: 0.98,
        mitre_id: "T1190",
      },
    },
    { resource },
  ),
  flatEventType(
    {
      name: "threat.resolved",
      group,
      description: "A detected threat was contained or dismissed",
      severity: "info",
      sample: {
        threat_id: "thr_94x2k1",
        severity: "info",
        target_asset: "prod-db-01.cybervault.internal",
        resolution: "blocked_at_waf",
        resolved_by: "ai_engine",
        resolved_at: "2025-01-15T14:47:10Z",
      },
    },
    { resource, optional: ["resolved_by"] },
  ),
  flatEventType(
    {
      name: "auth.suspicious",
      group,
      description: "A login looked unusual, or someone tried to get round MFA",
      severity: "medium",
      sample: {
        alert_id: "alr_7h3m9q",
        severity: "medium",
        username: "j.moreno",
        source_ip: "198.51.100.77",
        target_asset: "sso.cybervault.internal",
        reason: "impossible_travel",
        mfa_bypassed: false,
        risk_score: 0.81,
      },
    },
    { resource, optional: ["mfa_bypassed"] },
  ),
  flatEventType(
    {
      name: "vulnerability.found",
      group,
      description: "A scan found a known vulnerability on an asset",
      severity: "high",
      sample: {
        vulnerability_id: "vul_3c8w5t",
        severity: "high",
        cve_id: "CVE-2024-3094",
        cvss_score: 9.8,
        target_asset: "build-03.cybervault.internal",
        package_name: "xz-utils",
        installed_version: "5.6.1",
        fixed_version: "5.6.2",
      },
    },
    { resource, optional: ["cve_id", "cvss_score", "fixed_version"] },
  ),
]
