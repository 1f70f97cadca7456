import type { EventType } from "../../domain/workspace.ts"
import { withSchema } from "../schema-of-sample.ts"

const group = "Policy"

const violation = {
  id: "viol_abcdef1234567890",
  policy_id: "pol_567890abcdef1234",
  policy_name: "require-s3-encryption",
  resource_id: "arn:aws:s3:::my-bucket",
  resource_type: "AWS::S3::Bucket",
  severity: "HIGH",
  status: "OPEN",
  message: "S3 bucket must have encryption enabled",
  detected_at: "2024-01-15T14:29:45Z",
  account_id: "123456789012",
  region: "us-east-1",
  tags: { environment: "production", team: "platform" },
  compliance_frameworks: ["SOC2", "HIPAA"],
}

const violationAttributes = {
  severity: ["violation.severity"],
  environment: ["violation.tags.environment"],
  cloud_provider: ["violation.resource_id", "violation.resource_type"],
  resource_id: ["violation.resource_id"],
}

export const policyEvents: readonly EventType[] = [
  withSchema(
    {
      name: "policy.violation.created",
      group,
      description: "A resource was found to break a policy",
      severity: "HIGH",
      sample: { violation },
      attributePaths: violationAttributes,
    },
    { coreLevels: 2, optional: [] },
  ),
  withSchema(
    {
      name: "policy.violation.resolved",
      group,
      description: "A violation no longer exists",
      severity: "HIGH",
      sample: {
        violation: {
          ...violation,
          status: "RESOLVED",
          resolved_at: "2024-01-15T16:05:12Z",
          resolved_by: "user_2f9c4d1e",
          resolution: "Default encryption enabled with aws:kms",
        },
      },
      attributePaths: violationAttributes,
    },
    // A resolved violation is the created one in another status: how it came about may be unknown.
    { coreLevels: 2, optional: ["resolved_at", "resolved_by", "resolution"] },
  ),
  withSchema(
    {
      name: "policy.deployment.completed",
      group,
      description: "A policy was rolled out to its targets",
      severity: "INFO",
      sample: {
        deployment: {
          id: "dep_7c1e9a0b34f25d68",
          policy_id: "pol_567890abcdef1234",
          policy_name: "require-s3-encryption",
          policy_version: "1.4.0",
          environment: "production",
          status: "completed",
          account_ids: ["123456789012", "210987654321"],
          regions: ["us-east-1", "eu-west-1"],
          resources_evaluated: 418,
          violations_found: 3,
          deployed_by: "user_2f9c4d1e",
          started_at: "2024-01-15T13:58:20Z",
          completed_at: "2024-01-15T14:02:41Z",
        },
      },
      attributePaths: { environment: ["deployment.environment"] },
    },
    { coreLevels: 2, optional: ["environment", "deployed_by"] },
  ),
  withSchema(
    {
      name: "policy.enforcement.failed",
      group,
      description: "A policy's automatic remediation could not be carried out",
      severity: "HIGH",
      sample: {
        enforcement: {
          id: "enf_90ab12cd34ef5678",
          policy_id: "pol_567890abcdef1234",
          policy_name: "require-s3-encryption",
          violation_id: "viol_abcdef1234567890",
          resource_id: "arn:aws:s3:::my-bucket",
          resource_type: "AWS::S3::Bucket",
          action: "enable_default_encryption",
          status: "FAILED",
          error: { code: "AccessDenied", message: "The remediation role may not call s3:PutEncryptionConfiguration" },
          attempted_at: "2024-01-15T14:31:07Z",
          account_id: "123456789012",
          region: "us-east-1",
          tags: { environment: "production", team: "platform" },
        },
      },
      attributePaths: {
        environment: ["enforcement.tags.environment"],
        cloud_provider: ["enforcement.resource_id", "enforcement.resource_type"],
        resource_id: ["enforcement.resource_id"],
      },
    },
    { coreLevels: 2, optional: ["violation_id", "tags"] },
  ),
]
