import { problems } from "../../server/src/api/problems.ts"
import type { EventType } from "../../server/src/domain/workspace.ts"
import { cybervault } from "../../server/src/profiles/cybervault.ts"
import { operationalEvents } from "../../server/src/profiles/operational-events.ts"
import { policycortex } from "../../server/src/profiles/policycortex.ts"
import { typeOfSchema } from "./type-of-schema.ts"

const notice = "// Written by `npm run generate -w @tocsin/client` from what the server serves; do not edit.\n\n"

/** What the client takes from the server's own tables, by path from the package's folder. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    [
      "src/receiving/policycortex-data.ts",
      dataByType("PolicyCortex", [...policycortex.catalogue, ...operationalEvents]),
    ],
    ["src/receiving/cybervault-data.ts", dataByType("CyberVault", [...cybervault.catalogue, ...operationalEvents])],
    ["src/http/problem-codes.ts", problemCodes()],
  ])
}

function dataByType(title: string, catalogue: readonly EventType[]): string {
  const members = catalogue.map(
    ({ name, description, severity, schema }) =>
      `  /** ${description}.${severity === null ? "" : ` Severity ${severity}, unless the data states another.`} */\n` +
      `  readonly "${name}": ${schema === null ? "unknown" : typeOfSchema(schema, "  ")}\n`,
  )
  return `${notice}/** ${title}'s event types, each with the shape of its \`data\`. */\nexport type ${title}Data = {\n${members.join("")}}\n`
}

function problemCodes(): string {
  const members = Object.entries(problems).map(([code, { title }]) => `  /** ${title}. */\n  | "${code}"\n`)
  return `${notice}/** Every problem that the API answers with. */\nexport type ProblemCode =\n${members.join("")}`
}
