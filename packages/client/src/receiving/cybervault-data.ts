// Written by `npm run generate -w @tocsin/client` from what the server serves; do not edit.

/** CyberVault's event types, each with the shape of its `data`. */
export type CyberVaultData = {
  /** The AI engine saw malicious activity. Severity critical, unless the data states another. */
  readonly "threat.detected": {
    readonly threat_id: string
    readonly severity?: string
    readonly source_ip: string
    readonly target_asset: string
    readonly vector: string
    readonly confidence: number
    readonly mitre_id: string
  }
  /** A detected threat was contained or dismissed. Severity info, unless the data states another. */
  readonly "threat.resolved": {
    readonly threat_id: string
    readonly severity?: string
    readonly target_asset: string
    readonly resolution: string
    readonly resolved_by?: string
    readonly resolved_at: string
  }
  /** A login looked unusual, or someone tried to get round MFA. Severity medium, unless the data states another. */
  readonly "auth.suspicious": {
    readonly alert_id: string
    readonly severity?: string
    readonly username: string
    readonly source_ip: string
    readonly target_asset: string
    readonly reason: string
    readonly mfa_bypassed?: boolean
    readonly risk_score: number
  }
  /** A scan found a known vulnerability on an asset. Severity high, unless the data states another. */
  readonly "vulnerability.found": {
    readonly vulnerability_id: string
    readonly severity?: string
    readonly cve_id?: string
    readonly cvss_score?: number
    readonly target_asset: string
    readonly package_name: string
    readonly installed_version: string
    readonly fixed_version?: string
  }
  /** A ticket was opened for a new security incident. Severity high, unless the data states another. */
  readonly "incident.created": {
    readonly incident_id: string
    readonly severity?: string
    readonly title: string
    readonly status: string
    readonly target_asset?: string
    readonly threat_ids?: readonly string[]
    readonly assigned_to?: string
    readonly opened_at: string
  }
  /** A security incident's ticket was closed. Severity info, unless the data states another. */
  readonly "incident.resolved": {
    readonly incident_id: string
    readonly severity?: string
    readonly title: string
    readonly status: string
    readonly target_asset?: string
    readonly root_cause?: string
    readonly minutes_to_resolve?: number
    readonly resolved_at: string
  }
  /** A managed agent lost its connection. Severity low, unless the data states another. */
  readonly "endpoint.offline": {
    readonly endpoint_id: string
    readonly severity?: string
    readonly hostname: string
    readonly agent_version?: string
    readonly last_seen: string
    readonly reason?: string
  }
  /** A managed agent is connected again. Severity info, unless the data states another. */
  readonly "endpoint.online": {
    readonly endpoint_id: string
    readonly severity?: string
    readonly hostname: string
    readonly agent_version?: string
    readonly connected_at: string
    readonly offline_seconds?: number
  }
  /** A security patch was installed. Severity info, unless the data states another. */
  readonly "patch.deployed": {
    readonly patch_id: string
    readonly severity?: string
    readonly target_asset: string
    readonly package_name: string
    readonly previous_version?: string
    readonly current_version: string
    readonly deployed_at: string
  }
  /** A security patch could not be installed. Severity medium, unless the data states another. */
  readonly "patch.failed": {
    readonly patch_id: string
    readonly severity?: string
    readonly target_asset: string
    readonly package_name: string
    readonly error_code?: string
    readonly error_message: string
    readonly failed_at: string
  }
  /** A SOC 2 or ISO 27001 audit report was produced. Severity info, unless the data states another. */
  readonly "compliance.report.ready": {
    readonly report_id: string
    readonly severity?: string
    readonly framework: string
    readonly period_start: string
    readonly period_end: string
    readonly score?: number
    readonly download_url?: string
  }
  /** A security policy was edited. Severity low, unless the data states another. */
  readonly "policy.changed": {
    readonly policy_id: string
    readonly severity?: string
    readonly policy_name: string
    readonly changed_by: string
    readonly previous_version?: number
    readonly current_version?: number
    readonly changed_at: string
  }
  /** A webhook was disabled: its endpoint answered 410, or failed for five days without one success. */
  readonly "webhook.disabled": {
    readonly webhook: { readonly [field: string]: unknown }
    readonly reason: string
    readonly disabled_at: string
  }
  /** A delivery was given up after its last attempt; it can still be retried by hand or replayed. */
  readonly "delivery.exhausted": {
    readonly webhook: { readonly [field: string]: unknown }
    readonly delivery: { readonly [field: string]: unknown }
  }
  /** Deliveries that wait for a webhook have reached 1,000, or a doubling of that, and do not get fewer. */
  readonly "backlog.growing": {
    readonly webhook: { readonly [field: string]: unknown }
    readonly backlog: { readonly [field: string]: unknown }
  }
}
