import Type from "typebox"
import type { Api } from "../api-parts.ts"
import { problems } from "../problems.ts"

/** Where the `type` of every problem points. */
export function problemList(api: Api): void {
  const entries = Object.entries(problems).map(
    ([code, { status, title, remedy }]) =>
      `<dt id="${code}"><code>${code}</code> (${status}) ${title}</dt><dd>${escaped(remedy)}</dd>`,
  )
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Problems</title><h1>Problems</h1><dl>${entries.join("")}</dl></html>`
  api.get(
    "/docs/problems",
    {
      schema: {
        tags: ["instance"],
        operationId: "problems",
        summary: "Every error code and what to do about it",
        response: { 200: { description: "A page", content: { "text/html": { schema: Type.String() } } } },
      },
      config: { access: "anyone" },
    },
    async (_request, reply) =>
      reply.header("content-security-policy", "default-src 'none'").type("text/html; charset=utf-8").send(page),
  )
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
