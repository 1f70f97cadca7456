import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join, posix, relative } from "node:path"

const context = join(import.meta.dirname, "../../../../..")

/** What an engine would run, as far as the Dockerfile says. */
export type Image = {
  /** The directory that stands for `/`. */
  readonly root: string
  readonly workdir: string
  readonly environment: Readonly<Record<string, string>>
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly healthcheck: readonly string[]
}

type Stage = Image & { readonly name: string }

/**
 * Does what the Dockerfile says, instruction by instruction, in directories: for machines without an engine. The base
 * image is not there; this process's Node and npm stand for those that it has.
 *
 * @param into an empty directory.
 */
export function builtByHand(into: string): Image {
  const stages: Stage[] = []
  for (const { verb, rest } of instructions(readFileSync(join(context, "Dockerfile"), "utf8"))) {
    if (verb === "FROM") stages.push(begun(rest, stages, join(into, String(stages.length))))
    else stages.push(after(verb, rest, stages))
  }
  return last(stages)
}

function instructions(text: string): readonly { readonly verb: string; readonly rest: string }[] {
  return text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, verb = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? []
      return { verb, rest }
    })
}

function begun(rest: string, stages: readonly Stage[], root: string): Stage {
  const [from = "", , name = ""] = rest.split(" ")
  const before = stages.findLast((stage) => stage.name === from)
  mkdirSync(root, { recursive: true })
  if (before === undefined) {
    return { root, name, workdir: "/", environment: {}, user: "0:0", entrypoint: [], healthcheck: [] }
  }
  execFileSync("cp", ["-a", `${before.root}/.`, root])
  return { ...before, root, name }
}

function last(stages: Stage[]): Stage {
  const stage = stages.pop()
  if (stage === undefined) throw new Error("the Dockerfile begins without FROM")
  return stage
}

/** Takes the last stage out of `stages` and returns it as it is after one more instruction. */
function after(verb: string, rest: string, stages: Stage[]): Stage {
  const stage = last(stages)
  switch (verb) {
    case "WORKDIR":
      mkdirSync(join(stage.root, rest), { recursive: true })
      return { ...stage, workdir: rest }
    case "ENV":
      return { ...stage, environment: { ...stage.environment, ...variables(rest) } }
    case "COPY":
      copy(rest.split(" "), stage, stages)
      return stage
    case "RUN":
      runIn(stage, rest)
      return stage
    case "USER":
      return { ...stage, user: rest }
    case "ENTRYPOINT":
      return { ...stage, entrypoint: words(rest) }
    case "HEALTHCHECK":
      return { ...stage, healthcheck: words(rest.slice(rest.indexOf("["))) }
    case "VOLUME":
    case "EXPOSE":
      return stage
    default:
      throw new Error(`nobody taught this test ${verb}: add it`)
  }
}

function variables(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(" ").map((one): [string, string] => [one.split("=", 1)[0] ?? "", one.slice(one.indexOf("=") + 1)]),
  )
}

function words(text: string): readonly string[] {
  const read: unknown = JSON.parse(text)
  if (!Array.isArray(read)) throw new Error(`not in the exec form: ${text}`)
  return read.map(String)
}

function copy(parts: readonly string[], stage: Stage, stages: readonly Stage[]): void {
  const [, from = null] = /^--from=(.+)$/.exec(parts[0] ?? "") ?? []
  const paths = from === null ? parts : parts.slice(1)
  const to = paths.at(-1) ?? ""
  const others = stages.find(({ name }) => name === from)
  for (const path of paths.slice(0, -1)) {
    const source = others ? join(others.root, path) : join(context, path)
    const target = join(stage.root, posix.resolve(stage.workdir, to))
    // A file goes into a directory under its own name; of a directory, what is in it.
    const place = to.endsWith("/") && statSync(source).isFile() ? join(target, basename(path)) : target
    mkdirSync(dirname(place), { recursive: true })
    cpSync(source, place, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (each) => others !== undefined || isSent(each),
    })
  }
}

/** Whether `.dockerignore` lets a file of the context through. */
function isSent(path: string): boolean {
  const relativePath = relative(context, path)
  const lines = readFileSync(join(context, ".dockerignore"), "utf8").split("\n")
  const letIn = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1))
  if (!letIn.some((each) => relativePath === each || relativePath.startsWith(`${each}/`))) return false
  const keptOut = lines.filter((line) => line.startsWith("**/")).map((line) => line.slice("**/".length))
  return !relativePath.split("/").some((part) => keptOut.some((each) => matches(part, each)))
}

function matches(name: string, pattern: string): boolean {
  return pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : name === pattern
}

function runIn({ root, workdir, environment }: Stage, command: string): void {
  // Where this is not root, files belong to whoever runs it.
  const owner = process.getuid?.() === 0 ? "-o 1000 -g 1000" : ""
  const here = command.replace("-o node -g node", owner).replace(/ \/data$/, ` ${join(root, "data")}`)
  // The registry that npm is told of, but not that this is a test.
  const { NODE_ENV: _, ...inherited } = process.env
  execFileSync("sh", ["-c", here], {
    cwd: join(root, workdir),
    env: {
      ...inherited,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      // What the tests themselves were installed from is in the cache already.
      npm_config_prefer_offline: "true",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 240_000,
  })
}
