import { type Session, type Tocsin, TocsinProblem, type TroubledWebhook, type Webhook } from "@tocsin/client"
import { type FailureCode, failureCodes } from "../../domain/delivery.ts"
import { explain } from "../../domain/failures.ts"
import { scopes } from "../../domain/workspace.ts"
import { type Check, ok, problem, skipped, warning } from "./check.ts"

/** Longer than a person may be expected to wait for a look. */
const webhooksMax = 200
const expirySoonMs = 7 * 86_400_000

export type WorkspaceLook = { readonly checks: readonly Check[]; readonly webhooks: readonly Webhook[] }

/** Whether the key is good, and how the workspace's webhooks fare. */
export async function lookAtWorkspace(tocsin: Tocsin, nowMs: number, signal: AbortSignal): Promise<WorkspaceLook> {
  let session: Session
  try {
    session = await tocsin.sessions.current({ signal })
  } catch (error) {
    if (!(error instanceof TocsinProblem)) throw error
    return { checks: [keyRefused(error)], webhooks: [] }
  }
  const checks = [...keyChecks(session, nowMs)]
  const has = (scope: (typeof scopes)[number]) => session.key.scopes.includes(scope)
  if (!has("webhooks:read")) {
    return { checks: [...checks, skipped("webhooks", "The key may not read webhooks.")], webhooks: [] }
  }
  const { data: webhooks } = await tocsin.webhooks.list({ limit: webhooksMax }, { signal }).page()
  if (webhooks.length === 0) {
    checks.push(warning("webhooks", "There are none.", "`tocsin webhooks create` registers an endpoint."))
    return { checks, webhooks }
  }
  try {
    const { troubled } = await tocsin.overview({ signal })
    for (const each of troubled) {
      checks.push(await troubleCheck(tocsin, each, session, has("deliveries:read"), signal))
    }
    if (troubled.length === 0)
      checks.push(ok("webhooks", webhooks.length === 1 ? "It is well." : `All ${webhooks.length} are well.`))
  } catch (error) {
    if (!(error instanceof TocsinProblem)) throw error
    checks.push(skipped("webhooks", `How they fare cannot be read: ${error.detail}`))
  }
  return { checks, webhooks }
}

function keyRefused(error: TocsinProblem): Check {
  if (error.code === "workspace_key_required") {
    return problem(
      "key",
      "It is the instance's admin key.",
      "Use a workspace's key; `tocsin workspaces create` makes a workspace with its first one.",
    )
  }
  return problem("key", `${error.title} (${error.code}).`, error.detail)
}

function keyChecks({ workspace, key, expires_at }: Session, nowMs: number): readonly Check[] {
  const checks = [ok("key", `${key.prefix}… ("${key.name}") is good for ${workspace.name} (${workspace.profile}).`)]
  const missing = scopes.filter((scope) => !key.scopes.includes(scope))
  checks.push(ok("scopes", missing.length === 0 ? "All." : `${key.scopes.join(", ")}. Not: ${missing.join(", ")}.`))
  if (expires_at !== null && Date.parse(expires_at) - nowMs < expirySoonMs) {
    checks.push(warning("key expiry", `It expires at ${expires_at}.`, "`tocsin keys create` makes another."))
  }
  return checks
}

/** What is wrong with a webhook, and what to do: by its last failed attempt where the key may see it. */
async function troubleCheck(
  tocsin: Tocsin,
  troubled: TroubledWebhook,
  { profile }: Session,
  mayReadDeliveries: boolean,
  signal: AbortSignal,
): Promise<Check> {
  const { id, url, because, consecutive_failures, backlog } = troubled
  const name = `webhook ${id}`
  const waiting = `${url}, ${backlog} waiting`
  if (because === "unverified") {
    return warning(name, `Not verified yet: ${waiting}.`, `Set up the endpoint, then \`tocsin webhooks verify ${id}\`.`)
  }
  const code = mayReadDeliveries ? await lastFailure(tocsin, id, signal) : null
  const circumstances = {
    successRule: profile.success_rule,
    timeoutSeconds: profile.timeout_seconds.default,
    test: false,
  }
  const why = code === null ? "" : ` (${code})`
  const hint = code === null ? "`tocsin deliveries list` shows the attempts." : explain(code, circumstances)
  if (because === "disabled") {
    const after = `${hint} Then \`tocsin webhooks resume ${id}\`.`
    return problem(name, `Disabled, ${troubled.disabled_reason ?? "for no stated reason"}${why}: ${waiting}.`, after)
  }
  return warning(name, `${consecutive_failures} failed in a row${why}: ${waiting}.`, hint)
}

async function lastFailure(tocsin: Tocsin, id: string, signal: AbortSignal): Promise<FailureCode | null> {
  try {
    const attempts = await tocsin.webhooks.recentAttempts(id, { deliveries: 10 }, { signal })
    const last = attempts.findLast(({ error_code }) => error_code !== null)?.error_code
    return failureCodes.find((code) => code === last) ?? null
  } catch {
    // The look at the webhook is worth showing without it.
    signal.throwIfAborted()
    return null
  }
}
