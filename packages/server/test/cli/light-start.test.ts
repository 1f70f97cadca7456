import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const program = fileURLToPath(new URL("../../src/cli/tocsin.mjs", import.meta.url))

/** Writes the packages that are loaded to standard error, at the end. */
const hook = `
  import { registerHooks } from "node:module"
  const loaded = new Set()
  registerHooks({
    load(url, context, next) {
      const name = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]
      if (name) loaded.add(name)
      return next(url, context)
    },
  })
  process.on("exit", () => process.stderr.write([...loaded].join(" ")))
`

test("a command begins without what others need: people type it many times a day", async () => {
  const told = await promisify(execFile)(process.execPath, [
    "--import",
    `data:text/javascript,${encodeURIComponent(hook)}`,
    program,
    "--version",
  ])
  const loaded = told.stderr.split(" ")
  expect(loaded).toContain("commander")
  for (const heavy of ["typebox", "ajv", "fastify", "undici", "pino"]) expect(loaded).not.toContain(heavy)
})
