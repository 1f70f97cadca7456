import { describe, expect, it } from "vitest"
import type { Attributes } from "../../src/domain/webhook.ts"
import { attributesOf, providerOf } from "../../src/profiles/attributes.ts"
import { profileByName } from "../../src/profiles/by-name.ts"

function read(profile: "policycortex" | "cybervault", name: string, data: unknown, stated: Attributes | null = null) {
  const type = profileByName(profile).catalogue.find((candidate) => candidate.name === name)
  if (type === undefined) throw new Error(`no type ${name}`)
  return attributesOf(type, data, stated)
}

describe("attributesOf", () => {
  const violation = {
    severity: "HIGH",
    resource_id: "arn:aws:s3:::my-bucket",
    resource_type: "AWS::S3::Bucket",
    tags: { environment: "Production" },
  }
  const created = "policy.violation.created"

  it("reads all four of a PolicyCortex violation, in the publisher's case", () => {
    expect(read("policycortex", created, { violation })).toEqual({
      severity: "HIGH",
      environment: "Production",
      cloud_provider: "aws",
      resource_id: "arn:aws:s3:::my-bucket",
    })
  })

  it("takes the provider from the resource's type where its id does not tell", () => {
    const data = {
      violation: { ...violation, resource_id: "vm-7", resource_type: "Microsoft.Compute/virtualMachines" },
    }
    expect(read("policycortex", created, data).cloud_provider).toBe("azure")
  })

  it("has null for what a violation carries but this one does not say", () => {
    const data = { violation: { severity: "LOW", resource_id: "rack-12", tags: {} } }
    expect(read("policycortex", created, data)).toEqual({
      severity: "LOW",
      environment: null,
      cloud_provider: null,
      resource_id: "rack-12",
    })
  })

  it("has no key for what a type does not carry, so that filters let it pass", () => {
    const data = { compliance: { severity: "HIGH", tags: { environment: "test" } } }
    expect(read("policycortex", "compliance.status.changed", data)).toStrictEqual({})
  })

  it("reads CyberVault's severity from data, else from the type", () => {
    const name = "incident.created"
    expect(read("cybervault", name, { severity: "low" }).severity).toBe("low")
    expect(read("cybervault", name, {}).severity).toBe("high")
    expect(read("cybervault", name, { severity: 3 }).severity).toBe("high")
  })

  it("reads CyberVault's resource from the asset, else from what is like it", () => {
    const name = "endpoint.offline"
    expect(read("cybervault", name, { target_asset: "a", hostname: "h", endpoint_id: "e" }).resource_id).toBe("a")
    expect(read("cybervault", name, { hostname: "h", endpoint_id: "e" }).resource_id).toBe("h")
    expect(read("cybervault", name, { hostname: "", endpoint_id: "e" }).resource_id).toBe("e")
    expect(read("cybervault", name, {}).resource_id).toBeNull()
  })

  it("lets the publisher overrule data, and carry an attribute that the type does not", () => {
    expect(
      read("cybervault", "threat.detected", { severity: "critical" }, { severity: "low", environment: "lab" }),
    ).toEqual({ severity: "low", environment: "lab", resource_id: null })
    expect(read("policycortex", "scan.completed", {}, { environment: "lab" })).toStrictEqual({ environment: "lab" })
    expect(read("policycortex", created, { violation }, { environment: null }).environment).toBeNull()
  })

  it.each([null, "text", 7, [], { violation: null }, { violation: { tags: "x" } }])("survives the data %j", (data) => {
    expect(read("policycortex", created, data).environment).toBeNull()
  })

  it("never reads what data only inherits", () => {
    const type = { severity: null, attributePaths: { resource_id: ["constructor.name", "__proto__.x"] } }
    expect(attributesOf(type, {}, null)).toEqual({ resource_id: null })
  })
})

describe("providerOf", () => {
  it.each([
    ["arn:aws:s3:::my-bucket", "aws"],
    ["arn:aws-us-gov:iam::123456789012:role/x", "aws"],
    ["arn:aws:codebuild:eu-west-1:123456789012:project/projects/x", "aws"],
    ["AWS::S3::Bucket", "aws"],
    ["/subscriptions/0b1f/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a", "azure"],
    ["/SUBSCRIPTIONS/0b1f", "azure"],
    ["Microsoft.Compute/virtualMachines", "azure"],
    ["/providers/Microsoft.Management/managementGroups/g", "azure"],
    ["projects/my-project/zones/europe-west1-b/instances/i", "gcp"],
    ["storage.googleapis.com/Bucket", "gcp"],
    ["//compute.googleapis.com/projects/p/zones/z/instances/i", "gcp"],
    ["https://www.googleapis.com/compute/v1/projects/p", "gcp"],
    ["my-projects/storage", null],
    ["storage.googleapis.com.example.com", null],
    ["NotMicrosoft.Thing", null],
    ["prod-db-01.cybervault.internal", null],
    ["", null],
  ])("%s → %s", (resource, provider) => {
    expect(providerOf(resource)).toBe(provider)
  })
})
