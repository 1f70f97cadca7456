export const scanSample = {
  id: "scan_abc123def456",
  name: "Production Compliance Scan",
  status: "completed",
  started_at: "2024-01-15T14:30:00Z",
  completed_at: "2024-01-15T15:00:00Z",
  duration: "30m",
  resources_scanned: 5432,
  violations_found: 23,
  compliance_score: 94.7,
}

export const violationOf = (resource: string, severity: string) => ({
  violation: {
    id: "viol_1",
    policy_id: "pol_1",
    policy_name: "require-s3-encryption",
    resource_id: resource,
    resource_type: "AWS::S3::Bucket",
    severity,
    status: "OPEN",
    message: "S3 bucket must have encryption enabled",
    detected_at: "2024-01-15T14:29:45Z",
    account_id: "123456789012",
    region: "us-east-1",
    tags: { environment: "production" },
    compliance_frameworks: ["SOC2"],
  },
})
