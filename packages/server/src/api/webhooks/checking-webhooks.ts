import type { FastifyRequest } from "fastify"
import type { Webhook } from "../../domain/webhook.ts"
import { workspaceOf } from "../access.ts"
import type { ApiParts } from "../api-parts.ts"
import { Problem, refuseIfFlawed } from "../problems.ts"
import { type Update, webhookFlaws } from "./webhook-input.ts"

type Checked = Pick<FastifyRequest, "caller" | "validationError"> & { readonly body: Update }

/**
 * Refuses a flawed body with all its flaws at once: those of form, which the route's schema found (the route attaches
 * them in place of answering), and those of meaning.
 *
 * @param before null for a new webhook.
 */
export async function checkedWebhook(
  { registry, refusal }: Pick<ApiParts, "registry" | "refusal">,
  request: Checked,
  before: Webhook | null,
): Promise<void> {
  const { validationError, body } = request
  const ofBody = validationError instanceof Problem && validationError.code === "validation_failed" && isObject(body)
  // A flaw of the query would be told as one of the body, whose member may well have the same name.
  if (validationError && !ofBody) throw validationError
  const ofForm = ofBody ? (validationError.errors ?? []) : []
  const workspaceId = workspaceOf(request)
  const alreadyFlawed = new Set(ofForm.map(({ pointer }) => pointer.split("/")[1] ?? ""))
  const ofMeaning = await webhookFlaws(
    body,
    before,
    { profile: registry.profile(workspaceId), eventTypes: registry.eventTypes(workspaceId), refusal },
    alreadyFlawed,
  )
  refuseIfFlawed([...ofForm, ...ofMeaning])
  if (validationError) throw validationError
}

function isObject(body: unknown): boolean {
  return typeof body === "object" && body !== null && !Array.isArray(body)
}
