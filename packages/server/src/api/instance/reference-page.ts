import Type from "typebox"
import type { Api } from "../api-parts.ts"
import { openapiText } from "../openapi.ts"
import { problems } from "../problems.ts"
import { html, page, pageHeaders, prose } from "./reference/html.ts"
import { sectionsOf } from "./reference/operations.ts"

/** The OpenAPI document for people, and every problem: pages without a script, so a strict policy can forbid all. */
export function referencePage(api: Api): void {
  let reference: string | null = null
  const content = { "text/html": { schema: Type.String() } }
  api.get(
    "/docs",
    {
      schema: {
        tags: ["instance"],
        operationId: "docs",
        summary: "This API on one page",
        response: { 200: { description: "A page", content } },
      },
      config: { access: "anyone" },
    },
    async (_request, reply) => {
      reference ??= referenceOf(JSON.parse(openapiText(api)))
      return reply.headers(pageHeaders).send(reference)
    },
  )
  api.get(
    "/docs/problems",
    {
      schema: {
        tags: ["instance"],
        operationId: "problems",
        summary: "Every error code and what to do about it",
        response: { 200: { description: "A page", content } },
      },
      config: { access: "anyone" },
    },
    async (_request, reply) => reply.headers(pageHeaders).send(problemPage()),
  )
}

function referenceOf(document: unknown): string {
  const sections = sectionsOf(document)
  const intro = html`<h1>Tocsin's API</h1><p>Of this server, by this server. For tools: <a href="/openapi.json">OpenAPI 3.1</a>, <a href="/asyncapi.json">AsyncAPI 3.0</a>. When it says no: <a href="/docs/problems">every problem</a>. Keys go into <code>Authorization: Bearer …</code>; what receivers get comes last.</p>`
  return page("Tocsin's API", sections, html`${intro}${sections.map((section) => section.content)}`)
}

/** Where the `type` of every problem points. */
function problemPage(): string {
  const entries = Object.entries(problems).map(
    ([code, { status, title, remedy }]) =>
      html`<dt id="${code}"><code>${code}</code> (${String(status)}) ${title}</dt><dd>${prose(remedy)}</dd>`,
  )
  const places = Object.keys(problems).map((code) => ({ id: code, name: code }))
  return page("Problems", places, html`<h1>Problems</h1><p><a href="/docs">The API</a></p><dl>${entries}</dl>`)
}
