import { execFile } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { openReceiver } from "../receiver.ts"
import { promtool } from "../tools/promtool.ts"
import { eventually, Workspace } from "./api-calls.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

const run = promisify(execFile)
const deploy = fileURLToPath(new URL("../../../../deploy/", import.meta.url))
const rulesText = readFileSync(`${deploy}prometheus/tocsin-alerts.yml`, "utf8")
const dashboard: unknown = JSON.parse(readFileSync(`${deploy}grafana/tocsin.json`, "utf8"))

/** A sample's name with its labels' names, and the values that each label takes. */
type Series = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

let exposition = ""
let series: Series = new Map()

beforeAll(async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  const receiver = await openReceiver({ replies: [200, 500, 200] })
  const workspace = await Workspace.create(server.address, "standard")
  await workspace.post("/v1/event-types", { name: "thing.happened", description: "Something" })
  await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["*"] })
  for (const n of [1, 2]) await workspace.post("/v1/events", { type: "thing.happened", data: { n } })
  await workspace.ask("POST", "/v1/events", { body: { type: "no.such.type", data: {} } })
  await receiver.arrived(2)
  exposition = await eventually(
    async () => (await fetch(`${server.address}/metrics`)).text(),
    (text) => /outcome="delivered"[^\n]* 1/.test(text) && text.includes('outcome="non_2xx"'),
  )
  series = seriesOf(exposition)
  await receiver.close()
  await server.kill()
})

function seriesOf(text: string): Series {
  const found = new Map<string, Map<string, Set<string>>>()
  for (const line of text.split("\n")) {
    const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? []
    if (name === undefined) continue
    const known = found.get(name) ?? new Map<string, Set<string>>()
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      known.set(label, (known.get(label) ?? new Set()).add(value))
    found.set(name, known)
  }
  return found
}

/** Every expression of the rules, those on several lines joined. */
function rules(): string[] {
  return [...rulesText.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(([, several, one]) =>
    (several ?? one ?? "").replace(/\s+/g, " ").trim(),
  )
}

/** Every query of the dashboard, of panels and of variables. */
function queries(): string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    if ("expr" in value && typeof value.expr === "string") found.push(value.expr)
    if ("query" in value && typeof value.query === "string" && value.query.startsWith("label_values("))
      found.push(value.query)
    for (const child of Object.values(value)) walk(child)
  }
  walk(dashboard)
  return found
}

/** What Prometheus adds to what it scrapes. */
const added: ReadonlySet<string> = new Set(["job", "instance"])
const recorded = /^ {6}- record: (\S+)$/gm

/** What an expression says of metrics that is not so: names, labels and values that the server does not expose. */
function flaws(expression: string): string[] {
  const found: string[] = []
  const labelsHere = new Set(added)
  const selectors = [...expression.matchAll(/\b(tocsin[_:][\w:]+)(?:\{([^}]*)\})?/g)]
  if (selectors.length === 0 && !/^up\{/.test(expression)) found.push(`no metric in ${expression}`)
  const records = new Set([...rulesText.matchAll(recorded)].map(([, name]) => name))
  for (const [, name = "", matchers = ""] of selectors) {
    if (records.has(name)) continue
    const labels = series.get(name)
    if (labels === undefined) {
      found.push(`${name} does not exist`)
      continue
    }
    for (const label of labels.keys()) labelsHere.add(label)
    for (const [, label = "", operator = "", value = ""] of matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
      if (added.has(label)) continue
      const values = labels.get(label)
      if (values === undefined) found.push(`${name} has no label ${label}`)
      // Statuses and routes come with requests: not each of them has been made here.
      else if ((operator === "=" || operator === "=~") && label !== "status") {
        for (const each of value.split("|")) if (!values.has(each)) found.push(`${name} has no ${label} ${each}`)
      }
    }
  }
  for (const [, list = ""] of expression.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of list.split(",").map((each) => each.trim()))
      if (!labelsHere.has(label)) found.push(`nothing in ${expression} has the label ${label}`)
  return found
}

describe("what Prometheus scrapes", () => {
  it("is what promtool accepts of an exposition", async () => {
    const program = await promtool()
    const checked = run(program, ["check", "metrics"])
    checked.child.stdin?.end(exposition)
    const output = await checked.then(
      ({ stdout, stderr }) => stdout + stderr,
      // It ends with 3 for matters of style too; each is a line that names its metric.
      (error: unknown) => (error instanceof Error && "stderr" in error ? String(error.stderr) : String(error)),
    )
    const ours = output.split("\n").filter((line) => line !== "" && !/^tocsin_(nodejs|process)_/.test(line))
    expect(ours).toEqual([])
  })

  it("stays small: as many series as there are routes, codes and buckets", () => {
    expect(exposition.split("\n").filter((line) => /^\w/.test(line)).length).toBeLessThan(1_000)
  })
})

describe("the alert rules", () => {
  it("look at nothing that the server does not expose", () => {
    expect(rules().length).toBeGreaterThan(12)
    // As many as there are, so none was missed by how it is written.
    expect(rules()).toHaveLength(rulesText.split("expr:").length - 1)
    expect(rules().flatMap(flaws)).toEqual([])
  })

  it("are told from ones that look at what is not there", () => {
    expect(flaws("rate(tocsin_events_total[5m]) > 0")).toEqual(["tocsin_events_total does not exist"])
    expect(flaws('tocsin_backlog_deliveries{webhooks="paused"}')).toHaveLength(1)
    expect(flaws('tocsin_backlog_deliveries{state="sending"}')).toHaveLength(1)
    expect(flaws("sum by (workspace) (tocsin_backlog_deliveries)")).toHaveLength(1)
  })

  it("are rules to promtool, and go off when they should and not before", async () => {
    const program = await promtool()
    const check = await run(program, ["check", "rules", "--lint=all", "--lint-fatal", "tocsin-alerts.yml"], {
      cwd: `${deploy}prometheus`,
    })
    expect(check.stdout).toContain("SUCCESS")
    const test = await run(program, ["test", "rules", "tocsin-alerts.test.yml"], { cwd: `${deploy}prometheus` })
    expect(test.stdout).toContain("SUCCESS")
    await run(program, ["check", "config", "scrape.yml"], { cwd: `${deploy}prometheus` })
  })
})

describe("the Grafana dashboard", () => {
  it("asks for nothing that the server does not expose", () => {
    expect(queries().length).toBeGreaterThan(30)
    expect(queries().flatMap(flaws)).toEqual([])
  })

  it("asks of the chosen job and instances alone, in what promtool takes for PromQL", async () => {
    const asked = queries().filter((query) => !query.startsWith("label_values("))
    for (const query of asked)
      for (const [, selector] of query.matchAll(/\btocsin_\w+\{([^}]*)\}/g))
        expect(selector).toMatch(/^job=~"\$job", instance=~"\$instance"/)
    expect(asked.filter((query) => /\btocsin_\w+(?!\w|\{)/.test(query))).toEqual([])
    const records = asked.map((query, at) => {
      const expression = query.replaceAll("$__rate_interval", "5m").replace(/\$\w+/g, ".+")
      return `      - record: tocsin:panel${at}\n        expr: ${JSON.stringify(expression)}\n`
    })
    const file = join(newDataDirectory(), "panels.yml")
    writeFileSync(file, `groups:\n  - name: panels\n    rules:\n${records.join("")}`)
    const checked = await run(await promtool(), ["check", "rules", file])
    expect(checked.stdout).toContain(`${asked.length} rules found`)
  })
})
