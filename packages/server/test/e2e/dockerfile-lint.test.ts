import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, it } from "vitest"
import { hadolint } from "../tools/hadolint.ts"

const root = join(import.meta.dirname, "../../../..")

it("hadolint finds nothing in the Dockerfile, not even style", async () => {
  const program = await hadolint()
  const lint = (args: readonly string[], input?: string) => {
    const ended = spawnSync(program, ["--no-color", "--failure-threshold", "style", ...args], { cwd: root, input })
    return { status: ended.status, said: ended.stdout.toString() }
  }
  // It would find something.
  const careless = lint(["-"], "FROM debian\nRUN cd /tmp && apt-get install curl\n")
  expect(careless.status).not.toBe(0)
  expect(careless.said).toContain("DL3008")
  expect(lint(["Dockerfile"])).toEqual({ status: 0, said: "" })
})
