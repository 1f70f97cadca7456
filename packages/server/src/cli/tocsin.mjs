#!/usr/bin/env node
// What `npx tocsin` runs, on whatever Node there is. The program itself is TypeScript and needs Node 24, which the
// package `node` brings along.
import { spawn } from "node:child_process"
import module from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(import.meta.url)

if (Number(process.versions.node.split(".")[0]) >= 24) {
  // Where `npm start` keeps it too: beside the code, so that whoever may write there could change that as well. A command
  // then begins in half the time. Where nothing can be written, it begins without.
  module.enableCompileCache(fileURLToPath(new URL("../../../../node_modules/.cache/tocsin", import.meta.url)))
  await import("./tocsin.ts")
} else {
  const node = join(dirname(fileURLToPath(import.meta.resolve("node/package.json"))), "bin/node")
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: "inherit" })
  // A terminal sends Ctrl-C to both, and twice would mean "at once": the child decides how it ends.
  process.on("SIGINT", () => {})
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("error", (error) => {
    process.stderr.write(`tocsin: needs Node 24, which \`npm ci\` brings along (${error.message}).\n`)
    process.exitCode = 1
  })
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 1
  })
}
