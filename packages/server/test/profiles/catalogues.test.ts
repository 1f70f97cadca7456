import { Ajv } from "ajv"
import { describe, expect, it } from "vitest"
import { type EventType, profileNames } from "../../src/domain/workspace.ts"
import { profileByName } from "../../src/profiles/by-name.ts"
import threatDetected from "../fixtures/documents/cybervault-threat.detected.json" with { type: "json" }
import complianceChanged from "../fixtures/documents/policycortex-compliance.status.changed.json" with { type: "json" }
import violationCreated from "../fixtures/documents/policycortex-policy.violation.created.json" with { type: "json" }
import scanCompleted from "../fixtures/documents/policycortex-scan.completed.json" with { type: "json" }

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) throw new Error("not an object")
  return value
}

function typeNamed(profile: "policycortex" | "cybervault", name: string): EventType {
  const found = profileByName(profile).catalogue.find((type) => type.name === name)
  if (found === undefined) throw new Error(`no type ${name}`)
  return found
}

// Strict, so that a keyword or format that a plain Ajv does not know fails here.
const ajv = new Ajv({ strict: true })

function accepts(type: EventType, data: unknown): boolean {
  if (type.schema === null) throw new Error(`${type.name} has no schema`)
  return ajv.validate(type.schema, data)
}

describe("the lists", () => {
  it("PolicyCortex has the document's sixteen types, in its order and groups", () => {
    expect(profileByName("policycortex").catalogue.map(({ group, name }) => `${group}: ${name}`)).toEqual([
      "Policy: policy.violation.created",
      "Policy: policy.violation.resolved",
      "Policy: policy.deployment.completed",
      "Policy: policy.enforcement.failed",
      "Compliance: compliance.status.changed",
      "Compliance: compliance.report.generated",
      "Compliance: compliance.audit.started",
      "Compliance: compliance.framework.updated",
      "Scan: scan.completed",
      "Scan: scan.failed",
      "Scan: resource.discovered",
      "Scan: resource.changed",
      "User: user.login",
      "User: user.policy.exemption",
      "User: user.role.changed",
      "User: api.key.created",
    ])
  })

  it("CyberVault has its twelve core types with their default severities", () => {
    const severities = Object.fromEntries(
      profileByName("cybervault").catalogue.map(({ name, severity }) => [name, severity]),
    )
    expect(severities).toEqual({
      "threat.detected": "critical",
      "incident.created": "high",
      "compliance.report.ready": "info",
      "auth.suspicious": "medium",
      "endpoint.offline": "low",
      "patch.deployed": "info",
      "threat.resolved": "info",
      "incident.resolved": "info",
      "endpoint.online": "info",
      "patch.failed": "medium",
      "vulnerability.found": "high",
      "policy.changed": "low",
    })
    expect(profileByName("cybervault").catalogue).toHaveLength(12)
  })

  it("standard ships only a test type: its workspaces register their own", () => {
    expect(profileByName("standard").catalogue.map(({ name }) => name)).toEqual(["tocsin.test"])
  })
})

describe("the samples", () => {
  it.each([
    ["policycortex", violationCreated.type, violationCreated.data],
    ["policycortex", complianceChanged.type, complianceChanged.data],
    ["policycortex", scanCompleted.type, scanCompleted.data],
    ["cybervault", threatDetected.event, threatDetected.data],
  ] as const)("of %s %s is the document's", (profile, name, data) => {
    expect(JSON.stringify(typeNamed(profile, name).sample)).toBe(JSON.stringify(data))
  })
})

const everyType = profileNames.flatMap((name) =>
  profileByName(name).catalogue.map((type) => ({ profile: name, name: type.name, type })),
)

describe.each(everyType)("$profile $name", ({ profile, type }) => {
  /** The object in which the event's own fields lie, and `data` with that object replaced. */
  const data = fieldsOf(type.sample)
  const [wrapper] = Object.keys(data)
  const nested = profile === "policycortex" && wrapper !== undefined
  const core = nested ? fieldsOf(data[wrapper]) : data
  const withCore = (changed: unknown) => (nested ? { [wrapper]: changed } : changed)

  it("is described in one line", () => {
    expect(type.description).toMatch(/^\S.{10,90}$/)
    expect(type.group).not.toBe("")
    if (profile !== "standard") expect(type.severity).not.toBeNull()
  })

  it("accepts its sample, and more fields than the sample has", () => {
    expect(accepts(type, data)).toBe(true)
    expect(accepts(type, { ...data, further: [1] })).toBe(true)
    expect(accepts(type, withCore({ ...core, further: { at: "any depth" } }))).toBe(true)
  })

  it("refuses data without a core field, or with another kind of value in its place", () => {
    expect(accepts(type, {})).toBe(false)
    expect(accepts(type, null)).toBe(false)
    const [first] = Object.keys(core)
    if (first === undefined) throw new Error("a sample without fields")
    const { [first]: _removed, ...rest } = core
    expect(accepts(type, withCore(rest))).toBe(false)
    expect(accepts(type, withCore({ ...core, [first]: { an: "object" } }))).toBe(false)
  })

  it("finds in its sample every attribute that it says it carries", () => {
    for (const paths of Object.values(type.attributePaths)) {
      const values = paths.map((path) =>
        path.split(".").reduce<unknown>((here, name) => (isFields(here) ? here[name] : undefined), data),
      )
      expect(values.filter((value) => typeof value === "string")).not.toEqual([])
    }
  })
})

describe("what the schemas leave open", () => {
  const violation = typeNamed("policycortex", "policy.violation.created")

  it("a documented violation may lack no field of its core object", () => {
    const core = violationCreated.data.violation
    for (const field of Object.keys(core)) {
      const without = Object.fromEntries(Object.entries(core).filter(([name]) => name !== field))
      expect(accepts(violation, { violation: without }), field).toBe(false)
    }
  })

  it("a violation may have tags without an environment, and a severity nobody has thought of", () => {
    const data = { violation: { ...violationCreated.data.violation, tags: {}, severity: "CATASTROPHIC" } }
    expect(accepts(violation, data)).toBe(true)
  })

  it("a resolved violation may be the created one in another status", () => {
    const data = { violation: { ...violationCreated.data.violation, status: "RESOLVED" } }
    expect(accepts(typeNamed("policycortex", "policy.violation.resolved"), data)).toBe(true)
  })

  it("a CyberVault event may leave its severity to the type", () => {
    for (const type of profileByName("cybervault").catalogue) {
      const { severity: _removed, ...rest } = fieldsOf(type.sample)
      expect(accepts(type, rest), type.name).toBe(true)
    }
  })
})

describe("the verification payloads", () => {
  it.each(profileNames)("of %s is of a type in its catalogue, and valid", (name) => {
    const { catalogue, verification } = profileByName(name)
    const type = catalogue.find((candidate) => candidate.name === verification.type)
    if (type === undefined) throw new Error("not in the catalogue")
    expect(accepts(type, verification.data)).toBe(true)
  })

  it("raise no alarm", () => {
    const severities = profileNames.map((name) => {
      const { catalogue, verification } = profileByName(name)
      return catalogue.find((type) => type.name === verification.type)?.severity
    })
    expect(severities).toEqual(["INFO", "info", null])
  })
})
