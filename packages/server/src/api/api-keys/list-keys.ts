import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { newestFirst, pageAnswer } from "../paging.ts"
import type { Kept } from "../routes.ts"
import { Closed, PageOf, pageQuery } from "../schema-vocabulary.ts"
import { KeyShown, keyView } from "./key-view.ts"

export function listKeys(api: Api, { registry, store }: ApiParts, { use }: Pick<Kept, "use">): void {
  api.get(
    "/v1/api-keys",
    {
      schema: {
        tags: ["API keys"],
        operationId: "listApiKeys",
        summary: "List API keys, newest first, revoked ones included",
        description:
          "Of those that were revoked or have expired at least the last 1,000 are kept; the audit log has all.",
        querystring: Closed(pageQuery),
        response: { 200: PageOf(KeyShown) },
      },
      config: { access: "keys:write" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const found = newestFirst(request.query, registry.keys(workspaceId), ({ id }) => id)
      const stored = await store.keyLastUsed(workspaceId)
      return pageAnswer(
        request.query,
        found,
        ({ id }) => id,
        (key) => keyView(key, use.lastUsedMs(key.id) ?? stored.get(key.id) ?? null),
      )
    },
  )
}
