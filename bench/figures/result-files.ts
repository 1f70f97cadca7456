import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const resultsFolder = fileURLToPath(new URL("../results/", import.meta.url))

/** `2026-11-22T0411-full`: sorts by time. */
export function resultName(at: Date, what: string): string {
  return `${at.toISOString().slice(0, 16).replace(":", "")}-${what}`
}

/** @returns the path written to. */
export function writeResult(name: string, ending: "json" | "md" | "svg", content: string): string {
  mkdirSync(resultsFolder, { recursive: true })
  const path = `${resultsFolder}${name}.${ending}`
  writeFileSync(path, content)
  return path
}
