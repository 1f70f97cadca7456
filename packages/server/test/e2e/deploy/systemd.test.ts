import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { startEnvironment, startFlags, startProgram } from "../../start-command.ts"
import { foundOrInstalled } from "../../tools/debian.ts"
import { newDataDirectory } from "../server-process.ts"
import { ran } from "./ran.ts"

const root = fileURLToPath(new URL("../../../../../", import.meta.url)).replace(/\/$/, "")
const unit = readFileSync(join(root, "deploy/systemd/tocsin.service"), "utf8")

test("systemd takes the unit without a word, and finds it hardened", { timeout: 180_000 }, async () => {
  const analyze = await foundOrInstalled("systemd", "systemd-analyze")
  // Where this tree is stands for where it is installed: the unit's program must be there.
  const path = join(newDataDirectory(), "tocsin.service")
  writeFileSync(path, unit.replaceAll("/opt/tocsin", root))
  const verified = await ran(analyze, ["verify", path])
  // It also tells of units that this machine itself lacks or has wrong.
  expect(`${verified.out}${verified.err}`.split("\n").filter((line) => line.includes("tocsin"))).toEqual([])
  expect(verified.code).toBe(0)
  // From 0 to 100. What is left is the network, which it is there for.
  const security = await ran(analyze, ["security", "--offline=true", "--threshold=20", path])
  expect(security, security.out.slice(-300)).toMatchObject({ code: 0 })
})

test("the unit starts the program as `npm start` does, with the Node that comes along", () => {
  const [node, ...args] = /^ExecStart=\/opt\/tocsin\/(.+)$/m.exec(unit)?.[1]?.split(" ") ?? []
  expect(args).toEqual([...startFlags, startProgram])
  const environment = [...unit.matchAll(/^Environment=(.+)$/gm)].flatMap(([, settings]) => settings?.split(" "))
  // Its tree is not its own to write to.
  const { NODE_COMPILE_CACHE: _, ...same } = startEnvironment
  expect(environment).toEqual(expect.arrayContaining(Object.entries(same).map((setting) => setting.join("="))))
  const cache = /^CacheDirectory=(.+)$/m.exec(unit)?.[1]
  expect(environment).toContain(`NODE_COMPILE_CACHE=/var/cache/${cache}`)
  for (const path of [node, startProgram]) expect(existsSync(join(root, path ?? "missing")), path).toBe(true)
  // A stop takes up to 25 s for attempts in flight, and 5 for requests.
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(30)
})
