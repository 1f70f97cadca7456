import Type from "typebox"
import type { Api } from "../api-parts.ts"
import { problems } from "../problems.ts"

/** Collects every route as it is registered; the pages need no script, so a strict policy can forbid all. */
export function referencePage(api: Api): void {
  const routes: { readonly tag: string; readonly line: string }[] = []
  api.addHook("onRoute", ({ method, url, schema }) => {
    if (method === "HEAD" || schema?.summary === undefined) return
    const path = escaped(url.replace(/:(\w+)/g, "{$1}"))
    const said = [schema.summary, schema.description ?? ""].map(escaped)
    const line = `<dt><code>${String(method)} ${path}</code> ${said[0]}</dt><dd>${said[1]}</dd>`
    routes.push({ tag: schema.tags?.[0] ?? "other", line })
  })
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
      const sections = Object.entries(Object.groupBy(routes, ({ tag }) => tag)).map(
        ([tag, found = []]) => `<h2>${escaped(tag)}</h2><dl>${found.map(({ line }) => line).join("")}</dl>`,
      )
      const links = `<p><a href="/openapi.json">OpenAPI 3.1</a>, <a href="/asyncapi.json">AsyncAPI 3.0</a>, <a href="/docs/problems">problems</a></p>`
      return reply.headers(pageHeaders).send(page("Tocsin's API", links + sections.join("")))
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
    async (_request, reply) => reply.headers(pageHeaders).send(page("Problems", problemList())),
  )
}

const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
}

/** Where the `type` of every problem points. */
function problemList(): string {
  const entries = Object.entries(problems).map(
    ([code, { status, title, remedy }]) =>
      `<dt id="${code}"><code>${code}</code> (${status}) ${escaped(title)}</dt><dd>${escaped(remedy)}</dd>`,
  )
  return `<dl>${entries.join("")}</dl>`
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${content}</html>`
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
}
