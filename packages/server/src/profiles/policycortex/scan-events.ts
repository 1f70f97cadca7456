import type { EventType } from "../../domain/workspace.ts"
import { withSchema } from "../schema-of-sample.ts"

const group = "Scan"

export const scanCompletedSample = {
  scan: {
    id: "scan_abc123def456",
    name: "Production Compliance Scan",
    status: "completed",
    started_at: "2024-01-15T14:30:00Z",
    completed_at: "2024-01-15T15:00:00Z",
    duration: "30m",
    resources_scanned: 5432,
    violations_found: 23,
    compliance_score: 94.7,
  },
}

const resourceAttributes = {
  environment: ["resource.tags.environment"],
  cloud_provider: ["resource.id", "resource.type"],
  resource_id: ["resource.id"],
}

export const scanEvents: readonly EventType[] = [
  withSchema(
    {
      name: "scan.completed",
      group,
      description: "A scan looked at all of its resources",
      severity: "INFO",
      sample: scanCompletedSample,
      attributePaths: {},
    },
    { coreLevels: 2, optional: [] },
  ),
  withSchema(
    {
      name: "scan.failed",
      group,
      description: "A scan stopped before its end",
      severity: "HIGH",
      sample: {
        scan: {
          id: "scan_def456abc123",
          name: "Production Compliance Scan",
          status: "failed",
          started_at: "2024-01-16T14:30:00Z",
          failed_at: "2024-01-16T14:34:00Z",
          duration: "4m",
          resources_scanned: 612,
          error: { code: "credentials_expired", message: "The scanner's role could not be assumed in 123456789012" },
        },
      },
      attributePaths: {},
    },
    { coreLevels: 2, optional: ["duration", "resources_scanned"] },
  ),
  withSchema(
    {
      name: "resource.discovered",
      group,
      description: "A resource was seen for the first time",
      severity: "INFO",
      sample: {
        resource: {
          id: "arn:aws:ec2:us-east-1:123456789012:instance/i-0abcd1234ef567890",
          type: "AWS::EC2::Instance",
          name: "api-server-07",
          account_id: "123456789012",
          region: "us-east-1",
          tags: { environment: "production", team: "platform" },
          scan_id: "scan_abc123def456",
          discovered_at: "2024-01-15T14:41:18Z",
        },
      },
      attributePaths: resourceAttributes,
    },
    { coreLevels: 2, optional: ["name", "tags", "scan_id"] },
  ),
  withSchema(
    {
      name: "resource.changed",
      group,
      description: "A known resource's configuration changed",
      severity: "LOW",
      sample: {
        resource: {
          id: "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123456789abcdef0",
          type: "AWS::EC2::SecurityGroup",
          name: "api-ingress",
          account_id: "123456789012",
          region: "us-east-1",
          tags: { environment: "production", team: "platform" },
          changes: [{ field: "ingress.cidr", previous_value: "10.20.0.0/16", current_value: "0.0.0.0/0" }],
          changed_by: "arn:aws:iam::123456789012:user/deploy",
          changed_at: "2024-01-15T14:52:03Z",
        },
      },
      attributePaths: resourceAttributes,
    },
    { coreLevels: 2, optional: ["name", "tags", "changed_by"] },
  ),
]
