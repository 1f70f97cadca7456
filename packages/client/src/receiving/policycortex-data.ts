// Written by `npm run generate -w @tocsin/client` from what the server serves; do not edit.

/** PolicyCortex's event types, each with the shape of its `data`. */
export type PolicyCortexData = {
  /** A resource was found to break a policy. Severity HIGH, unless the data states another. */
  readonly "policy.violation.created": {
    readonly violation: {
      readonly id: string
      readonly policy_id: string
      readonly policy_name: string
      readonly resource_id: string
      readonly resource_type: string
      readonly severity: string
      readonly status: string
      readonly message: string
      readonly detected_at: string
      readonly account_id: string
      readonly region: string
      readonly tags: { readonly [field: string]: unknown }
      readonly compliance_frameworks: readonly string[]
    }
  }
  /** A violation no longer exists. Severity HIGH, unless the data states another. */
  readonly "policy.violation.resolved": {
    readonly violation: {
      readonly id: string
      readonly policy_id: string
      readonly policy_name: string
      readonly resource_id: string
      readonly resource_type: string
      readonly severity: string
      readonly status: string
      readonly message: string
      readonly detected_at: string
      readonly account_id: string
      readonly region: string
      readonly tags: { readonly [field: string]: unknown }
      readonly compliance_frameworks: readonly string[]
      readonly resolved_at?: string
      readonly resolved_by?: string
      readonly resolution?: string
    }
  }
  /** A policy was rolled out to its targets. Severity INFO, unless the data states another. */
  readonly "policy.deployment.completed": {
    readonly deployment: {
      readonly id: string
      readonly policy_id: string
      readonly policy_name: string
      readonly policy_version: string
      readonly environment?: string
      readonly status: string
      readonly account_ids: readonly string[]
      readonly regions: readonly string[]
      readonly resources_evaluated: number
      readonly violations_found: number
      readonly deployed_by?: string
      readonly started_at: string
      readonly completed_at: string
    }
  }
  /** A policy's automatic remediation could not be carried out. Severity HIGH, unless the data states another. */
  readonly "policy.enforcement.failed": {
    readonly enforcement: {
      readonly id: string
      readonly policy_id: string
      readonly policy_name: string
      readonly violation_id?: string
      readonly resource_id: string
      readonly resource_type: string
      readonly action: string
      readonly status: string
      readonly error: { readonly [field: string]: unknown }
      readonly attempted_at: string
      readonly account_id: string
      readonly region: string
      readonly tags?: { readonly [field: string]: unknown }
    }
  }
  /** An account's standing against a framework changed. Severity MEDIUM, unless the data states another. */
  readonly "compliance.status.changed": {
    readonly compliance: {
      readonly framework: string
      readonly account_id: string
      readonly previous_score: number
      readonly current_score: number
      readonly status: string
      readonly previous_status: string
      readonly changed_controls: readonly { readonly [field: string]: unknown }[]
      readonly assessment_date: string
    }
  }
  /** A compliance report is ready to download. Severity INFO, unless the data states another. */
  readonly "compliance.report.generated": {
    readonly report: {
      readonly id: string
      readonly framework: string
      readonly account_id: string
      readonly period_start: string
      readonly period_end: string
      readonly score: number
      readonly format: string
      readonly download_url?: string
      readonly generated_at: string
    }
  }
  /** An audit against a framework began. Severity INFO, unless the data states another. */
  readonly "compliance.audit.started": {
    readonly audit: {
      readonly id: string
      readonly framework: string
      readonly account_id: string
      readonly auditor: string
      readonly status: string
      readonly controls_in_scope: number
      readonly started_at: string
      readonly expected_completion?: string
    }
  }
  /** A framework's set of controls changed. Severity LOW, unless the data states another. */
  readonly "compliance.framework.updated": {
    readonly framework: {
      readonly id: string
      readonly name: string
      readonly previous_version: string
      readonly current_version: string
      readonly controls_added: readonly string[]
      readonly controls_removed: readonly string[]
      readonly effective_date?: string
      readonly updated_at: string
    }
  }
  /** A scan looked at all of its resources. Severity INFO, unless the data states another. */
  readonly "scan.completed": {
    readonly scan: {
      readonly id: string
      readonly name: string
      readonly status: string
      readonly started_at: string
      readonly completed_at: string
      readonly duration: string
      readonly resources_scanned: number
      readonly violations_found: number
      readonly compliance_score: number
    }
  }
  /** A scan stopped before its end. Severity HIGH, unless the data states another. */
  readonly "scan.failed": {
    readonly scan: {
      readonly id: string
      readonly name: string
      readonly status: string
      readonly started_at: string
      readonly failed_at: string
      readonly duration?: string
      readonly resources_scanned?: number
      readonly error: { readonly [field: string]: unknown }
    }
  }
  /** A resource was seen for the first time. Severity INFO, unless the data states another. */
  readonly "resource.discovered": {
    readonly resource: {
      readonly id: string
      readonly type: string
      readonly name?: string
      readonly account_id: string
      readonly region: string
      readonly tags?: { readonly [field: string]: unknown }
      readonly scan_id?: string
      readonly discovered_at: string
    }
  }
  /** A known resource's configuration changed. Severity LOW, unless the data states another. */
  readonly "resource.changed": {
    readonly resource: {
      readonly id: string
      readonly type: string
      readonly name?: string
      readonly account_id: string
      readonly region: string
      readonly tags?: { readonly [field: string]: unknown }
      readonly changes: readonly { readonly [field: string]: unknown }[]
      readonly changed_by?: string
      readonly changed_at: string
    }
  }
  /** A person signed in. Severity INFO, unless the data states another. */
  readonly "user.login": {
    readonly user: {
      readonly id: string
      readonly email: string
      readonly ip_address: string
      readonly user_agent?: string
      readonly method: string
      readonly mfa_used: boolean
      readonly logged_in_at: string
    }
  }
  /** A resource was exempted from a policy. Severity MEDIUM, unless the data states another. */
  readonly "user.policy.exemption": {
    readonly exemption: {
      readonly id: string
      readonly policy_id: string
      readonly policy_name: string
      readonly resource_id: string
      readonly resource_type?: string
      readonly reason: string
      readonly granted_by: string
      readonly granted_at: string
      readonly expires_at?: string
    }
  }
  /** A person's role was changed. Severity MEDIUM, unless the data states another. */
  readonly "user.role.changed": {
    readonly user: {
      readonly id: string
      readonly email: string
      readonly previous_role: string
      readonly current_role: string
      readonly changed_by: string
      readonly changed_at: string
    }
  }
  /** An API key was created. Severity LOW, unless the data states another. */
  readonly "api.key.created": {
    readonly api_key: {
      readonly id: string
      readonly name: string
      readonly prefix: string
      readonly scopes: readonly string[]
      readonly created_at: string
      readonly expires_at?: unknown
    }
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
