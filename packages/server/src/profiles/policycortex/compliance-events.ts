import type { EventType } from "../../domain/workspace.ts"
import { withSchema } from "../schema-of-sample.ts"

const group = "Compliance"

/** None carries an attribute: they speak of a framework or an account, not of a resource, so every filter lets them pass. */
const attributePaths = {}

export const complianceEvents: readonly EventType[] = [
  withSchema(
    {
      name: "compliance.status.changed",
      group,
      description: "An account's standing against a framework changed",
      severity: "MEDIUM",
      sample: {
        compliance: {
          framework: "SOC2",
          account_id: "123456789012",
          previous_score: 87.5,
          current_score: 92.3,
          status: "COMPLIANT",
          previous_status: "NON_COMPLIANT",
          changed_controls: [
            {
              control_id: "CC6.1",
              control_name: "Logical access security measures",
              previous_status: "FAILED",
              current_status: "PASSED",
              reason: "S3 encryption policy violations resolved",
            },
          ],
          assessment_date: "2024-01-15T14:30:00Z",
        },
      },
      attributePaths,
    },
    { coreLevels: 2, optional: [] },
  ),
  withSchema(
    {
      name: "compliance.report.generated",
      group,
      description: "A compliance report is ready to download",
      severity: "INFO",
      sample: {
        report: {
          id: "rep_4d5e6f7081920a1b",
          framework: "SOC2",
          account_id: "123456789012",
          period_start: "2023-10-01T00:00:00Z",
          period_end: "2023-12-31T23:59:59Z",
          score: 92.3,
          format: "pdf",
          download_url: "https://app.policycortex.com/reports/rep_4d5e6f7081920a1b",
          generated_at: "2024-01-15T15:10:00Z",
        },
      },
      attributePaths,
    },
    { coreLevels: 2, optional: ["download_url"] },
  ),
  withSchema(
    {
      name: "compliance.audit.started",
      group,
      description: "An audit against a framework began",
      severity: "INFO",
      sample: {
        audit: {
          id: "aud_c3d4e5f60718293a",
          framework: "HIPAA",
          account_id: "123456789012",
          auditor: "auditor@example.com",
          status: "in_progress",
          controls_in_scope: 54,
          started_at: "2024-01-15T09:00:00Z",
          expected_completion: "2024-01-26T17:00:00Z",
        },
      },
      attributePaths,
    },
    { coreLevels: 2, optional: ["expected_completion"] },
  ),
  withSchema(
    {
      name: "compliance.framework.updated",
      group,
      description: "A framework's set of controls changed",
      severity: "LOW",
      sample: {
        framework: {
          id: "fw_pci_dss",
          name: "PCI DSS",
          previous_version: "3.2.1",
          current_version: "4.0",
          controls_added: ["12.3.1", "12.5.2"],
          controls_removed: ["6.6"],
          effective_date: "2024-03-31T00:00:00Z",
          updated_at: "2024-01-15T12:00:00Z",
        },
      },
      attributePaths,
    },
    { coreLevels: 2, optional: ["effective_date"] },
  ),
]
