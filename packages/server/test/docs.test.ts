import { execFileSync } from "node:child_process"
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import manifest from "../../../package.json" with { type: "json" }
import { problems } from "../src/api/problems.ts"
import { clientVariables, settingNames, tracingVariables } from "../src/config.ts"
import { defaultDispatchLimits } from "../src/dispatch/dispatcher.ts"
import { Places } from "../src/dispatch/places.ts"
import { failureCodes } from "../src/domain/delivery.ts"
import { asId, type WorkspaceId } from "../src/domain/ids.ts"
import { socketsPerOriginMax } from "../src/ports/sender.ts"
import { prometheus } from "../src/system/prometheus.ts"
import { object, runApi } from "./api/running-api.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const documents = ["README.md", "CHANGELOG.md", "examples/README.md", ...globSync("docs/**/*.md", { cwd: root })].map(
  (path) => ({
    path,
    text: readFileSync(join(root, path), "utf8"),
  }),
)

function textOf(path: string): string {
  const found = documents.find((document) => document.path === path)
  if (found === undefined) throw new Error(`${path} is not among the documents`)
  return found.text
}

/** What stands between a heading and the next one. */
function section(path: string, heading: string): string {
  const [, rest] = textOf(path).split(`\n## ${heading}\n`)
  if (rest === undefined) throw new Error(`${path} has no section ${heading}`)
  return rest.split("\n## ")[0] ?? ""
}

/** The first cells of a section's tables, where they are code. */
function codesInFirstColumn(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, code]) => code ?? "")
}

/** Whatever a pattern's first group finds in all documents, with where it was found. */
function named(pattern: RegExp): { readonly name: string; readonly path: string }[] {
  return documents.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, name = ""]) => ({ name, path })))
}

describe("the documents", () => {
  it("name settings that exist, and every one", () => {
    const found = named(/\b(TOCSIN_[A-Z_]+)\b/g)
    expect(found.length).toBeGreaterThan(20)
    const known: readonly string[] = [...settingNames, ...clientVariables]
    expect(found.filter(({ name }) => !known.includes(name))).toEqual([])
    expect(codesInFirstColumn(section("docs/operating.md", "Settings")).sort()).toEqual([...settingNames].sort())
  })

  it("name OpenTelemetry's variables that are read, and every one", () => {
    const found = named(/\b(OTEL_[A-Z_]+)\b/g).map(({ name }) => name)
    expect([...new Set(found)].sort()).toEqual([...tracingVariables].sort())
  })

  it("explain every reason why an attempt fails, and no other", () => {
    const explained = codesInFirstColumn(section("docs/troubleshooting.md", "Why an attempt failed"))
    expect(explained.sort()).toEqual([...failureCodes].sort())
  })

  it("explain every problem of the API with its status, and no other", () => {
    const rows = section("docs/troubleshooting.md", "Why the API refused").matchAll(/^\| `([^`]+)` +\| (\d+) +\|/gm)
    const explained = [...rows].map(([, code, status]) => `${code} ${status}`)
    const existing = Object.entries(problems).map(([code, { status }]) => `${code} ${status}`)
    expect(explained.sort()).toEqual(existing.sort())
  })

  it("name routes that exist, and every one", async () => {
    const { call } = await runApi()
    const { json } = await call("GET", "/openapi.json")
    const existing = Object.entries(object(json.paths)).flatMap(([path, methods]) =>
      Object.keys(object(methods)).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const inProse = named(/\b((?:GET|POST|PUT|PATCH|DELETE) \/[\w{}/.-]*)/g)
    const inCommands = named(/curl -sS -X ([A-Z]+ http:\/\/127\.0\.0\.1:8080\/\S+)/g).map(({ name, path }) => ({
      name: name.replace("http://127.0.0.1:8080", "").replace("$WEBHOOK_ID", "{id}"),
      path,
    }))
    expect(inCommands.length).toBeGreaterThan(5)
    // What receivers are sent is no route of this server.
    const found = [...inProse, ...inCommands].filter(({ name }) => !name.startsWith("POST /webhooks/"))
    expect(found.filter(({ name }) => !existing.includes(name))).toEqual([])
    const listed = codesInFirstColumn(textOf("docs/http-api.md")).filter((code) => /^[A-Z]+ \//.test(code))
    expect(listed.sort()).toEqual(existing.sort())
  })

  it("name npm scripts that exist, and every one to those who use or develop Tocsin", () => {
    // npm runs `pre…` and `post…` by itself, before and after the script they belong to.
    const scripts = Object.keys(manifest.scripts).filter((name) => !/^(pre|post)/.test(name))
    const pattern = /\bnpm (?:run (?:-s )?)?(start|test|(?<=run (?:-s )?)[\w:-]+)/g
    const found = named(pattern)
    expect(found.filter(({ name }) => !scripts.includes(name))).toEqual([])
    const told = ["README.md", "docs/developing.md"].flatMap((path) =>
      [...textOf(path).matchAll(pattern)].map(([, name]) => name),
    )
    expect(scripts.filter((script) => !told.includes(script))).toEqual([])
  })

  it("name options of npm scripts that exist", () => {
    const options = new Map<string, Set<string>>()
    const found = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)(?: --)? ((?:\w+ )?--[^`\n#]*)/g)].map(
        ([, script = "", rest = ""]) => {
          const named = [...rest.matchAll(/--[a-z-]+/g)].map(([option]) => option)
          if (!options.has(script)) options.set(script, optionsOf(script))
          return { path, script, unknown: named.filter((option) => options.get(script)?.has(option) !== true) }
        },
      ),
    )
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter(({ unknown }) => unknown.length > 0)).toEqual([])
  })

  it("name metrics that exist, and every one", async () => {
    const exposed = await prometheus("1.0.0").text()
    const found = named(/`(tocsin_[a-z0-9_]+)(?:\{[a-z_,]+\})?`/g)
    expect(found.length).toBeGreaterThan(3)
    expect(found.filter(({ name }) => !exposed.includes(`# TYPE ${name} `))).toEqual([])
    // What prom-client tells of every Node process is explained there; of ours each one is explained here.
    const ours = [...exposed.matchAll(/^# TYPE (tocsin_(?!nodejs_|process_)\w+) /gm)].map(([, name = ""]) => name)
    expect(ours.length).toBeGreaterThan(15)
    const explained = [...section("docs/operating.md", "Monitor").matchAll(/`(tocsin_\w+)/g)].map(([, name]) => name)
    expect(ours.filter((name) => !explained.includes(name))).toEqual([])
  })

  it("tell what every room of the server holds", () => {
    const rooms = section("docs/architecture.md", "The rooms").matchAll(/^\| (`.+`) +\| /gm)
    const told = [...rooms].flatMap(([, names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name))
    const source = join(root, "packages/server/src")
    const existing = readdirSync(source, { withFileTypes: true }).flatMap((each) =>
      each.isDirectory() ? each.name : [],
    )
    expect(told.sort()).toEqual(existing.sort())
  })

  it("tell how many attempts may be under way", () => {
    const monitor = section("docs/operating.md", "Monitor")
    const { inFlightMax } = defaultDispatchLimits
    const [places, only] = [new Places(inFlightMax), asId<WorkspaceId>("ws_1")]
    while (places.admission(only) === "free") places.enter(only)
    const [most, alone] = [inFlightMax, places.taken].map((each) => each.toLocaleString("en"))
    expect(monitor).toContain(
      `near its ceiling of ${most}, or of ${alone} where one workspace has them all: many slow endpoints. At most ${socketsPerOriginMax} are of one origin`,
    )
    const alerts = readFileSync(join(root, "deploy/prometheus/tocsin-alerts.yml"), "utf8")
    const threshold = Number(/tocsin_attempts_in_flight > (\d+)/.exec(alerts)?.[1])
    expect(threshold).toBeLessThan(places.taken)
  })

  it("link to what is there", () => {
    const links = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => ({ path, link })),
    )
    expect(links.length).toBeGreaterThan(20)
    const broken = links.filter(({ path, link }) => !/^https?:/.test(link) && !leadsSomewhere(path, link))
    expect(broken).toEqual([])
  })
})

/** What a script says of itself. */
function optionsOf(script: string): Set<string> {
  const [, path = ""] =
    /\bnode (\S+\.m?ts|\S+\.mjs)$/.exec(new Map(Object.entries(manifest.scripts)).get(script) ?? "") ?? []
  if (path === "") return new Set()
  const help = execFileSync(process.execPath, [join(root, path), "--help"], { encoding: "utf8" })
  return new Set(["--help", ...(help.match(/--[a-z-]+/g) ?? [])])
}

function leadsSomewhere(from: string, link: string): boolean {
  const [file = "", anchor] = link.split("#")
  const target = file === "" ? join(root, from) : join(root, dirname(from), file)
  if (!existsSync(target)) return false
  if (anchor === undefined) return true
  const headings = [...readFileSync(target, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => slug(heading))
  return headings.includes(anchor) && relative(root, target) !== ""
}

/** As GitHub makes anchors of headings. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-")
}
