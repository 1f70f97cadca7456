import Type from "typebox"
import type { Api, ApiParts } from "../api-parts.ts"

export function metrics(api: Api, { metricsText }: ApiParts): void {
  api.get(
    "/metrics",
    {
      schema: {
        tags: ["instance"],
        operationId: "metrics",
        summary: "Figures for Prometheus",
        response: {
          200: { description: "Text exposition", content: { "text/plain": { schema: Type.String() } } },
        },
      },
      config: { access: "anyone" },
    },
    // The version parameter is what Prometheus asks for: "text exposition format".
    async (_request, reply) => reply.type("text/plain; version=0.0.4; charset=utf-8").send(await metricsText()),
  )
}
