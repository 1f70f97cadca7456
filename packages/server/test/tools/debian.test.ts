import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"

let place: string
const calls = () => readFileSync(join(place, "calls"), "utf8").trim().split("\n")

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "tocsin-debian-"))
  mkdirSync(join(place, "bin"))
  vi.stubEnv("PATH", join(place, "bin"))
  vi.stubEnv("GOBIN", undefined)
  // A list of packages that was fetched is remembered.
  vi.resetModules()
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(place, { recursive: true })
})

function program(name: string, script = ""): string {
  const path = join(place, "bin", name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return path
}

/** A Debian whose root this is. @param installing what apt-get does when it is to install something */
function debian(installing: string): void {
  vi.spyOn(process, "getuid").mockReturnValue(0)
  program("flock", `echo "lock \${1##*/}" >> ${place}/calls; shift; exec "$@"`)
  program(
    "apt-get",
    `case "$*" in
*update) echo update >> ${place}/calls ;;
*install*) for word; do :; done; echo "install $word" >> ${place}/calls; ${installing} ;;
esac`,
  )
}

test("what is there is taken, in the order of the names, and nothing is installed", async () => {
  const { foundOrInstalled } = await import("./debian.ts")
  debian("exit 1")
  program("valkey-server")
  const redis = program("redis-server")
  expect(await foundOrInstalled("redis", "redis-server", "valkey-server")).toBe(redis)
  expect(calls).toThrow("ENOENT")
})

test("what is not there is installed under a lock, by the newest list", async () => {
  const { foundOrInstalled } = await import("./debian.ts")
  debian(`echo > ${place}/bin/tool-of-debian; /bin/chmod 755 ${place}/bin/tool-of-debian`)
  expect(await foundOrInstalled("tools", "tool-of-debian")).toBe(join(place, "bin/tool-of-debian"))
  const lock = "lock tocsin-tests-apt.lock"
  expect(calls()).toEqual([lock, "update", lock, "install tools"])
})

test.each([
  ["fails", "echo 'E: no such package' >&2; exit 100", /tools could not be installed \(E: no such package\)\.$/],
  ["brings something else", "", /not in PATH, also with Debian's package tools: install another\.$/],
])("an installation that %s is told in a line", async (_what, installing, told) => {
  const { foundOrInstalled } = await import("./debian.ts")
  debian(installing)
  await expect(foundOrInstalled("tools", "tool-of-debian")).rejects.toThrow(told)
  await expect(foundOrInstalled("tools", "tool-of-debian")).rejects.toThrow(/^tool-of-debian is needed.*$/)
  expect(calls()).toContain("install tools")
})

test("only root installs", async () => {
  const { foundOrInstalled } = await import("./debian.ts")
  debian("")
  vi.spyOn(process, "getuid").mockReturnValue(1000)
  await expect(foundOrInstalled("tools", "tool-of-debian")).rejects.toThrow(/not in PATH.*only root may/)
  expect(calls).toThrow("ENOENT")
})
