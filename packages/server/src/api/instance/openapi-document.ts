import type { Api } from "../api-parts.ts"
import { openapiText } from "../openapi.ts"
import { FreeObject, Written } from "../schema-vocabulary.ts"

/** Written once, when every route is known. */
export function openapiDocument(api: Api): void {
  let text: string | null = null
  api.get(
    "/openapi.json",
    {
      schema: {
        tags: ["instance"],
        operationId: "openapi",
        summary: "This document",
        response: { 200: Written(FreeObject({ description: "OpenAPI 3.1" })) },
      },
      config: { access: "anyone" },
    },
    async (_request, reply) => {
      text ??= openapiText(api)
      return reply.type("application/json").send(text)
    },
  )
}
