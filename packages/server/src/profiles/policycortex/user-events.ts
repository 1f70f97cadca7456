import type { EventType } from "../../domain/workspace.ts"
import { withSchema } from "../schema-of-sample.ts"

const group = "User"

export const userEvents: readonly EventType[] = [
  withSchema(
    {
      name: "user.login",
      group,
      description: "A person signed in",
      severity: "INFO",
      sample: {
        user: {
          id: "user_2f9c4d1e",
          email: "dana@example.com",
          ip_address: "198.51.100.24",
          user_agent: "Mozilla/5.0 (X11; Linux x86_64)",
          method: "sso",
          mfa_used: true,
          logged_in_at: "2024-01-15T08:12:44Z",
        },
      },
      attributePaths: {},
    },
    { coreLevels: 2, optional: ["user_agent"] },
  ),
  withSchema(
    {
      name: "user.policy.exemption",
      group,
      description: "A resource was exempted from a policy",
      severity: "MEDIUM",
      sample: {
        exemption: {
          id: "exm_5a6b7c8d9e0f1a2b",
          policy_id: "pol_567890abcdef1234",
          policy_name: "require-s3-encryption",
          resource_id: "arn:aws:s3:::my-public-assets",
          resource_type: "AWS::S3::Bucket",
          reason: "Holds only published images",
          granted_by: "user_2f9c4d1e",
          granted_at: "2024-01-15T11:20:00Z",
          expires_at: "2024-04-15T00:00:00Z",
        },
      },
      attributePaths: {
        cloud_provider: ["exemption.resource_id", "exemption.resource_type"],
        resource_id: ["exemption.resource_id"],
      },
    },
    { coreLevels: 2, optional: ["resource_type", "expires_at"] },
  ),
  withSchema(
    {
      name: "user.role.changed",
      group,
      description: "A person's role was changed",
      severity: "MEDIUM",
      sample: {
        user: {
          id: "user_8b7a6c5d",
          email: "lee@example.com",
          previous_role: "viewer",
          current_role: "policy_admin",
          changed_by: "user_2f9c4d1e",
          changed_at: "2024-01-15T10:03:30Z",
        },
      },
      attributePaths: {},
    },
    { coreLevels: 2, optional: [] },
  ),
  withSchema(
    {
      name: "api.key.created",
      group,
      description: "An API key was created",
      severity: "LOW",
      // Tocsin publishes this one itself, so these are the fields that the key's own record has.
      sample: {
        api_key: {
          id: "key_0192f3a4b5c6d7e8",
          name: "ci-pipeline",
          prefix: "tk_9fQ2",
          scopes: ["events:write"],
          created_at: "2024-01-15T09:45:00Z",
          expires_at: null,
        },
      },
      attributePaths: {},
    },
    { coreLevels: 2, optional: [] },
  ),
]
