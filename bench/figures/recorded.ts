import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { withSection } from "./marked-section.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const plotsFolder = "docs/benchmarks/"
export const figuresDocument = "docs/benchmarks.md"

/** Writes a plot for the documents. @returns its path from the repository's root. */
export function recordPlot(name: string, svg: string): string {
  mkdirSync(`${root}${plotsFolder}`, { recursive: true })
  writeFileSync(`${root}${plotsFolder}${name}.svg`, svg)
  return `${plotsFolder}${name}.svg`
}

/** Writes what a full run found into a document's section of that name. */
export function recordSection(path: string, name: string, content: string): void {
  writeFileSync(`${root}${path}`, withSection(readFileSync(`${root}${path}`, "utf8"), name, content))
}
