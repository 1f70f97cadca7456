import Type from "typebox"
import type { Api, ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"
import { OneOf } from "../schema-vocabulary.ts"
import { readiness } from "./readiness.ts"

export function health(api: Api, { checks, clock, version }: ApiParts): void {
  const reasonNotReady = readiness(checks, clock)
  api.get(
    "/healthz",
    {
      schema: {
        tags: ["instance"],
        operationId: "isAlive",
        summary: "Whether the process is alive",
        response: { 200: Type.Object({ status: OneOf(["alive"]), version: Type.String() }) },
      },
      config: { access: "anyone" },
    },
    async () => ({ status: "alive" as const, version }),
  )
  api.get(
    "/readyz",
    {
      schema: {
        tags: ["instance"],
        operationId: "isReady",
        summary: "Whether it can store, dispatch and post",
        description: "The answer may be a second old.",
        response: { 200: Type.Object({ status: OneOf(["ready"]) }) },
      },
      config: { access: "anyone" },
    },
    async () => {
      const detail = await reasonNotReady()
      if (detail !== null) throw new Problem("not_ready", { detail, headers: { "retry-after": "1" } })
      return { status: "ready" as const }
    },
  )
}
