import type { FastifyRequest } from "fastify"
import { asId } from "../../domain/ids.ts"
import type { Webhook } from "../../domain/webhook.ts"
import { workspaceOf } from "../access.ts"
import type { ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"

/** The webhook of the caller's workspace. @throws Problem `not_found`, also for another workspace's. */
export function foundWebhook(
  { registry }: Pick<ApiParts, "registry">,
  request: Pick<FastifyRequest, "caller">,
  id: string,
): Webhook {
  const webhook = registry.webhook(workspaceOf(request), asId(id))
  if (!webhook) throw new Problem("not_found", { detail: "No webhook of this workspace has this id." })
  return webhook
}
