import { appendFileSync, cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Ajv } from "ajv"
import { beforeAll, describe, expect, test } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import manifest from "../../../package.json" with { type: "json" }
import { settingNames } from "../../../src/config.ts"
import { helm } from "../../tools/helm.ts"
import { kubernetesSchemas } from "../../tools/kubernetes-schemas.ts"
import { isObject, type Json, member, members } from "../api-calls.ts"
import { newDataDirectory } from "../server-process.ts"
import { ran } from "./ran.ts"

const folder = fileURLToPath(new URL("../../../../../deploy/helm/", import.meta.url))
const text = (path: string) => readFileSync(join(folder, path), "utf8")
const values: Json = parse(text("tocsin/values.yaml"))

const variants = {
  embedded: [],
  postgresql: [
    "store=postgresql",
    "existingSecret=tocsin",
    "ingress.enabled=true",
    "ingress.host=hooks.example.com",
    "ingress.tlsSecret=hooks-tls",
    "networkPolicy.enabled=true",
  ],
} as const
type Variant = keyof typeof variants

function objects(rendered: string): Json[] {
  return parseAllDocuments(rendered).flatMap((document) => {
    expect(document.errors).toEqual([])
    const value: unknown = document.toJS()
    return isObject(value) ? [value] : []
  })
}

/** Helm writes them in the order of installation, its library by file. */
function byName(rendered: string): Map<string, Json> {
  return new Map(objects(rendered).map((object) => [`${object.kind} ${member(object, "metadata").name}`, object]))
}

describe("with Helm", () => {
  const run = async (...args: string[]) => {
    const { words, env } = await helm()
    const [command, ...first] = words
    return ran(command, [...first, ...args], { env: { ...process.env, ...env } })
  }
  const set = (sets: readonly string[]) => ["--kube-version", "1.32.0", ...sets.flatMap((value) => ["--set", value])]
  const chart = join(folder, "tocsin")
  const template = (sets: readonly string[]) => run("template", "tocsin", chart, ...set(sets))
  beforeAll(helm, 300_000)

  test.each(Object.entries(variants))("%s passes the linter and renders to what is checked in", async (name, sets) => {
    const linted = await run("lint", "--strict", chart, ...set(sets))
    expect(linted, linted.out).toMatchObject({ code: 0 })
    const rendered = await template(sets)
    expect(rendered, rendered.err).toMatchObject({ code: 0 })
    expect(byName(rendered.out)).toEqual(byName(text(`rendered/${name}.yaml`)))
  })

  test.each(["embedded", "postgresql"])("%s has an egress proxy's password in a file", async (store) => {
    const rendered = await template([`store=${store}`, "existingSecret=tocsin", "settings.egressProxyInSecret=true"])
    expect(rendered, rendered.err).toMatchObject({ code: 0 })
    const workload = objects(rendered.out).find(({ kind }) => kind === "StatefulSet" || kind === "Deployment") ?? {}
    const pod = member(member(member(workload, "spec"), "template"), "spec")
    const [container = {}] = members(pod, "containers")
    const [proxy, ...others] = members(container, "env").filter(({ name }) => /EGRESS/.test(String(name)))
    const [mount] = members(container, "volumeMounts").filter(({ name }) => name === "secrets")
    expect([proxy, ...others]).toEqual([
      { name: "TOCSIN_EGRESS_PROXY_FILE", value: `${String(mount?.mountPath)}/egress-proxy` },
    ])
  })

  test("the linter would find something", async () => {
    const careless = join(newDataDirectory(), "tocsin")
    cpSync(chart, careless, { recursive: true })
    appendFileSync(join(careless, "templates/service.yaml"), "\n{{ .Values.nothing.here }}\n")
    const linted = await run("lint", "--strict", careless, ...set([]))
    expect(linted.code).not.toBe(0)
    expect(linted.out).toContain("nothing.here")
  })

  test.each([
    ["PostgreSQL without its secret", "store=postgresql", "existingSecret"],
    ["another store", "store=mysql", "store"],
    ["an ingress for nobody", "ingress.enabled=true", "host"],
    ["a misspelt value", "replcas=3", "replcas"],
    ["an egress proxy's password where everybody sees it", "settings.egressProxy=http://a:b@proxy:3128", "egressProxy"],
    ["an egress proxy in no secret", "settings.egressProxyInSecret=true", "existingSecret"],
  ])("refuses %s", async (_what, set, about) => {
    const refused = await template([set])
    expect(refused.code).not.toBe(0)
    expect(refused.err).toContain(about)
  })
})

// The oldest that the chart takes, the one that it is written for, and the newest that the schemas tell of.
describe.each(["1.28", "1.32", "1.37"])("Kubernetes %s", (version) => {
  let flaws: Awaited<ReturnType<typeof kubernetesSchemas>>
  beforeAll(async () => {
    flaws = await kubernetesSchemas(version)
  }, 300_000)

  test.each(Object.keys(variants))("takes each object of %s, down to the last field", (name) => {
    const all = objects(text(`rendered/${name}.yaml`))
    expect(all.length).toBeGreaterThan(2)
    for (const object of all) expect(flaws(object), String(object.kind)).toEqual([])
  })

  test("would refuse a misspelt field", () => {
    const [service] = objects(text("rendered/embedded.yaml")).filter(({ kind }) => kind === "Service")
    const careless = {
      ...service,
      spec: { ...member(service ?? {}, "spec"), selectr: {}, ports: [{ port: "eighty" }] },
    }
    expect(flaws(careless)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("selectr"),
        expect.stringContaining("/spec/ports/0/port must be integer"),
      ]),
    )
  })
})

test("the defaults fit the schema, and wrong values do not", () => {
  const fits = new Ajv({ strict: false }).compile(JSON.parse(text("tocsin/values.schema.json")))
  expect(fits(values), JSON.stringify(fits.errors)).toBe(true)
  expect(fits({ ...values, store: "postgresql" })).toBe(false)
  expect(fits({ ...values, store: "postgresql", existingSecret: "tocsin" })).toBe(true)
  expect(fits({ ...values, replicas: 0 })).toBe(false)
  expect(fits({ ...values, replcas: 3 })).toBe(false)
  expect(fits({ ...values, ingress: { enabled: true, host: "" } })).toBe(false)
  const proxied = (settings: Json, existingSecret = "") =>
    fits({ ...values, existingSecret, settings: { ...member(values, "settings"), ...settings } })
  expect(proxied({ egressProxy: "http://proxy:3128" })).toBe(true)
  expect(proxied({ egressProxy: "http://user:password@proxy:3128" })).toBe(false)
  expect(proxied({ egressProxyInSecret: true })).toBe(false)
  expect(proxied({ egressProxyInSecret: true }, "tocsin")).toBe(true)
  expect(proxied({ egressProxyInSecret: true, egressProxy: "http://proxy:3128" }, "tocsin")).toBe(false)
  expect(parse(text("tocsin/Chart.yaml"))).toMatchObject({ appVersion: manifest.version, apiVersion: "v2" })
})

describe.each<Variant>(["embedded", "postgresql"])("rendered for %s", (variant) => {
  const all = objects(text(`rendered/${variant}.yaml`))
  const of = (kind: string) => {
    const [one, ...others] = all.filter((object) => object.kind === kind)
    if (one === undefined || others.length > 0) throw new Error(`not one ${kind} in ${variant}`)
    return one
  }
  const workload = of(variant === "embedded" ? "StatefulSet" : "Deployment")
  const spec = member(workload, "spec")
  const pod = member(member(spec, "template"), "spec")
  const [container = {}, ...sidecars] = members(pod, "containers")

  test("is what belongs to it", () => {
    const common = ["Service", "ServiceAccount"]
    const own =
      variant === "embedded" ? ["StatefulSet"] : ["Deployment", "Ingress", "NetworkPolicy", "PodDisruptionBudget"]
    expect(all.map(({ kind }) => kind).sort()).toEqual([...common, ...own].sort())
    expect(spec.replicas).toBe(variant === "embedded" ? 1 : 2)
  })

  test("runs with nothing that it does not need", () => {
    expect(sidecars).toEqual([])
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    })
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      resources: { requests: { memory: expect.any(String) }, limits: { memory: expect.any(String) } },
    })
    // Longer than a stop takes.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(30)
  })

  test("asks for what there is: settings, probes, volumes, secrets", () => {
    const known: readonly string[] = settingNames
    const environment = members(container, "env")
    expect(environment.length).toBeGreaterThan(3)
    expect(environment.filter(({ name }) => !known.includes(String(name)))).toEqual([])
    // A secret in the environment is in every `kubectl describe`.
    expect(environment.filter(({ name }) => /_(KEY|URL)$/.test(String(name)))).toEqual([])
    expect(container).toMatchObject({
      startupProbe: { httpGet: { path: "/healthz", port: "http" } },
      livenessProbe: { httpGet: { path: "/healthz", port: "http" } },
      readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
    })
    const volumes = new Set(members(pod, "volumes").map(({ name }) => name))
    if (variant === "embedded")
      for (const claim of members(spec, "volumeClaimTemplates")) volumes.add(member(claim, "metadata").name)
    expect(members(container, "volumeMounts").filter(({ name }) => !volumes.has(name))).toEqual([])
    const files = environment.filter(({ name }) => String(name).endsWith("_FILE")).map(({ name }) => name)
    expect(files).toHaveLength(variant === "embedded" ? 0 : 3)
  })

  test("what selects it finds it, and the ports have its names", () => {
    const labels = member(member(member(spec, "template"), "metadata"), "labels")
    const selectors = [
      member(member(spec, "selector"), "matchLabels"),
      member(member(of("Service"), "spec"), "selector"),
    ]
    if (variant === "postgresql") {
      selectors.push(member(member(member(of("PodDisruptionBudget"), "spec"), "selector"), "matchLabels"))
      selectors.push(member(member(member(of("NetworkPolicy"), "spec"), "podSelector"), "matchLabels"))
    }
    for (const selector of selectors) expect(labels).toMatchObject(selector)
    expect(members(container, "ports")).toEqual([{ name: "http", containerPort: 8080 }])
    expect(members(member(of("Service"), "spec"), "ports")).toMatchObject([{ targetPort: "http" }])
  })
})
