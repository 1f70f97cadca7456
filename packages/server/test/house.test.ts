import { readdirSync, readFileSync } from "node:fs"
import { dirname, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { parseAst } from "vitest/node"

const packages = fileURLToPath(new URL("../..", import.meta.url))
const house = resolve(packages, "server/src")

type Room = {
  /** Rooms, and files beside them, that it may import from, besides itself. */
  readonly from: readonly string[]
  /** What else it may use: Node's own modules that are named, all of Node's, or any package. */
  readonly outside: readonly string[] | "node" | "anything"
}

/** design.md, "The house": imports go inward only. A type's import counts like any other. */
const rooms: Readonly<Record<string, Room>> = {
  // A hash is as pure as a sum, and so is whether a key is sound; nothing else of Node's is.
  domain: { from: [], outside: ["node:crypto"] },
  ports: { from: ["domain"], outside: [] },
  profiles: { from: ["domain"], outside: "node" },
  // The configuration in memory: inside accept and dispatch, which read it.
  registry: { from: ["ports", "profiles", "domain"], outside: "anything" },
  accept: { from: ["registry", "ports", "profiles", "domain"], outside: "anything" },
  dispatch: { from: ["registry", "ports", "profiles", "domain"], outside: "anything" },
  // An attempt, from its signature to its verdict; on a thread of its own, which is given its sender.
  posting: { from: ["threads", "ports", "profiles", "domain"], outside: "anything" },
  secrets: { from: [], outside: "node" },
  // What threads have in common, whatever they do.
  threads: { from: [], outside: ["node:v8", "node:module"] },
  stores: { from: ["threads", "ports", "domain"], outside: "anything" },
  send: { from: ["ports", "domain"], outside: "anything" },
  system: { from: ["ports", "domain"], outside: "anything" },
  api: { from: ["accept", "registry", "dispatch", "secrets", "ports", "profiles", "domain"], outside: "anything" },
  // A server's data comes through the client. What is done here is done as the server does it: `listen` signs, posts and
  // judges, `verify` knows the profiles, `migrate` the stores, `import` opens what was sealed. The demo plays newcomers'
  // receivers, and a past by another clock.
  cli: {
    from: [
      "main.ts",
      "serve.ts",
      "config.ts",
      "stores",
      "send",
      "secrets",
      "posting",
      "system",
      "ports",
      "profiles",
      "domain",
      "examples",
    ],
    outside: "anything",
  },
  // These wire: the engine knows no adapter, the server picks them, the program runs the server.
  "config.ts": { from: ["send"], outside: "anything" },
  "engine.ts": { from: ["accept", "dispatch", "registry", "ports", "domain"], outside: "anything" },
  "serve.ts": {
    from: [
      "engine.ts",
      "posting-thread.ts",
      "config.ts",
      "api",
      "registry",
      "posting",
      "stores",
      "secrets",
      "system",
      "ports",
      "domain",
    ],
    outside: "anything",
  },
  // What a thread of the server runs.
  "posting-thread.ts": { from: ["posting", "send", "system", "threads", "ports"], outside: "node" },
  "main.ts": { from: ["serve.ts", "config.ts", "system", "threads", "cli"], outside: "anything" },
}

type Import = { readonly file: string; readonly of: string }

/** Every module that the program text of a file names: imports, re-exports, `import()`, also those of types. */
function importsOf(file: string): Import[] {
  const tree = parseAst(readFileSync(file, "utf8"), { lang: file.endsWith("x") ? "tsx" : "ts" })
  const found: Import[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return
    if ("source" in node && "type" in node && /^(Import|Export|TSImport)/.test(String(node.type))) {
      const { source } = node
      if (typeof source === "object" && source !== null && "value" in source && typeof source.value === "string") {
        found.push({ file, of: source.value })
      } else if (source !== null) throw new Error(`${file} imports what only running it would tell`)
    }
    for (const child of Object.values(node)) walk(child)
  }
  walk(tree)
  return found
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.split(sep).includes("node_modules"))
    .map((name) => resolve(directory, name))
}

/** `stores` for a file within that folder, `main.ts` for that file; beyond the house, the repository's folder. */
function roomOf(file: string): string {
  const [first = ""] = relative(house, file).split(sep)
  return first === ".." ? (relative(dirname(packages), file).split(sep)[0] ?? "") : first
}

const files = sourceFiles(house)
const imports = files.flatMap(importsOf)
const inner = imports.filter(({ of }) => of.startsWith("."))
const said = ({ file, of }: Import) => `${relative(packages, file)} imports ${of}`
const target = ({ file, of }: Import) => resolve(dirname(file), of)

describe("the house", () => {
  it("has a rule for each of its rooms, and a room for each rule", () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(rooms).sort())
    // Else the rules below would hold for want of anything to look at.
    expect(inner.length).toBeGreaterThan(files.length)
  })

  it("is imported inward only", () => {
    const outward = inner.filter((each) => {
      const [room, other] = [roomOf(each.file), roomOf(target(each))]
      // The package's own name and version.
      if (each.of === `${relative(dirname(each.file), resolve(house, ".."))}/package.json`) return false
      return other !== room && !rooms[room]?.from.includes(other)
    })
    expect(outward.map(said)).toEqual([])
  })

  it("keeps what comes from outside out of its inner rooms", () => {
    const strangers = imports.filter(({ file, of }) => {
      const outside = rooms[roomOf(file)]?.outside ?? []
      if (of.startsWith(".") || outside === "anything") return false
      return outside === "node" ? !of.startsWith("node:") : !outside.includes(of)
    })
    expect(strangers.map(said)).toEqual([])
  })

  it("keeps its stores apart: what they share lies beside them", () => {
    const stores = resolve(house, "stores")
    const across = inner.filter(({ file, of }) => {
      if (roomOf(file) !== "stores") return false
      const [own, other] = [file, resolve(dirname(file), of)].map((path) => relative(stores, path).split(sep))
      return other !== undefined && other[0] !== ".." && other.length > 1 && own !== undefined && other[0] !== own[0]
    })
    expect(across.map(said)).toEqual([])
  })

  it("uses the client from its command line alone", () => {
    const elsewhere = imports.filter(({ file, of }) => of.startsWith("@tocsin/") && roomOf(file) !== "cli")
    expect(elsewhere.map(said)).toEqual([])
  })
})

describe("the packages", () => {
  it.each([
    ["client", []],
    ["dashboard", ["@tocsin/client"]],
  ] as const)("%s keeps to itself", (name, allowed) => {
    const root = resolve(packages, name, "src")
    const own = sourceFiles(root).flatMap(importsOf)
    expect(own.length).toBeGreaterThan(0)
    const leaving = own.filter((each) => {
      // Shown as text, not run: the page has no copy of its own.
      if (/\/docs\/receiving\/[\w./]+\?raw$/.test(each.of)) return name !== "dashboard"
      if (each.of.startsWith(".")) return relative(root, target(each)).startsWith("..")
      return each.of.startsWith("@tocsin/") && !allowed.some((one) => each.of === one || each.of.startsWith(`${one}/`))
    })
    expect(leaving.map(said)).toEqual([])
  })
})

describe("the migrations", () => {
  // Their place in the list is the schema's number: of two that share one, the later would change what a database had.
  it.each(["sqlite", "postgres"])("of %s are numbered one after the other", (store) => {
    const names = readdirSync(resolve(house, "stores", store, "migrations")).sort()
    expect(names.length).toBeGreaterThan(0)
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1))
  })
})
