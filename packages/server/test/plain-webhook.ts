import type { Webhook } from "../src/domain/webhook.ts"

/** What is set of a webhook for everything, made at `atMs`, of which nothing is secret and nothing need be. */
export function plainSettings(atMs: number) {
  return {
    events: ["*"],
    active: true,
    disabled: null,
    verification: { enabled: false, verifiedAtMs: null },
    description: null,
    filters: null,
    retryConfig: null,
    timeoutSeconds: null,
    ordering: null,
    rateLimit: null,
    createdMs: atMs,
    updatedMs: atMs,
    resumedAtMs: atMs,
    deletedMs: null,
  }
}

/** A webhook for everything, with nothing set that may be left out, made at `atMs`. */
export function plainWebhook(
  atMs: number,
  given: Pick<Webhook, "id" | "workspaceId" | "url"> & Partial<Webhook>,
): Webhook {
  return {
    ...plainSettings(atMs),
    secrets: { current: "a-shared-secret", previous: null },
    headers: {},
    authorization: null,
    tls: null,
    version: 1,
    ...given,
  }
}
