import type { Webhook } from "../src/domain/webhook.ts"

/** A webhook for everything, with nothing set that may be left out, made at `atMs`. */
export function plainWebhook(
  atMs: number,
  given: Pick<Webhook, "id" | "workspaceId" | "url"> & Partial<Webhook>,
): Webhook {
  return {
    events: ["*"],
    secrets: { current: "a-shared-secret", previous: null },
    active: true,
    disabled: null,
    verification: { enabled: false, verifiedAtMs: null },
    description: null,
    filters: null,
    retryConfig: null,
    timeoutSeconds: null,
    headers: {},
    authorization: null,
    tls: null,
    ordering: null,
    rateLimit: null,
    createdMs: atMs,
    updatedMs: atMs,
    resumedAtMs: atMs,
    deletedMs: null,
    version: 1,
    ...given,
  }
}
