import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { type CleaningUp, cleanedUp } from "../load/cleaning-up.ts"

describe("what a benchmark starts", () => {
  function started(cleaning: CleaningUp) {
    const stopped: string[] = []
    const start = (name: string, fails = false) =>
      cleaning.later(async () => {
        stopped.push(name)
        if (fails) throw new Error(`${name} does not stop`)
      })
    return { start, stopped }
  }

  it("is stopped in the end, the last first", async () => {
    const stopped = await cleanedUp(async (cleaning) => {
      const { start, stopped } = started(cleaning)
      start("database")
      start("server")
      expect(stopped).toEqual([])
      return stopped
    })
    expect(stopped).toEqual(["server", "database"])
  })

  it("is stopped when the next does not start, and that is what is told, even when stopping fails as well", async () => {
    let all: readonly string[] = []
    const failing = cleanedUp(async (cleaning) => {
      const { start, stopped } = started(cleaning)
      all = stopped
      start("database")
      start("server", true)
      throw new Error("no Redis")
    })
    await expect(failing).rejects.toThrow("no Redis")
    expect(all).toEqual(["server", "database"])
  })

  it("is stopped also when one of it does not stop, which is told", async () => {
    let all: readonly string[] = []
    const failing = cleanedUp(async (cleaning) => {
      const { start, stopped } = started(cleaning)
      all = stopped
      start("database")
      start("server", true)
    })
    await expect(failing).rejects.toThrow("server does not stop")
    expect(all).toEqual(["server", "database"])
  })
})

describe("an interrupted benchmark", () => {
  /** Sends each signal when the line that it goes with has been said. */
  async function interrupted(stopMs: number, ...signals: readonly (readonly [NodeJS.Signals, string])[]) {
    const program = fileURLToPath(new URL("./interruptible.ts", import.meta.url))
    const child = spawn(process.execPath, [program, String(stopMs)], { stdio: ["ignore", "pipe", "pipe"] })
    const [lines, told]: [string[], string[]] = [[], []]
    createInterface(child.stderr).on("line", (line) => told.push(line))
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line)
      for (const [signal, after] of signals) if (line === after) child.kill(signal)
    })
    const [code] = await once(child, "close")
    return { code, lines, told: told.filter((line) => line !== "") }
  }

  const stopped = ["stopping server", "server stopped", "what was begun meanwhile stopped", "database stopped"]

  it.each([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
  ] as const)(
    "by $signal stops what it has started and ends, without a result or a failure",
    async ({ signal, code }) => {
      const ended = await interrupted(50, [signal, "working"])
      expect(ended).toEqual({
        code,
        lines: ["working", ...stopped],
        told: [`${signal}: stopping what was started; once more ends at once`],
      })
    },
  )

  it("ends at once, as it is, by a second signal", async () => {
    const { code, lines } = await interrupted(60_000, ["SIGINT", "working"], ["SIGTERM", "stopping server"])
    expect(code).toBe(130)
    expect(lines).toEqual(["working", "stopping server"])
  })
})
