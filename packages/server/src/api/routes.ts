import { createKey } from "./api-keys/create-key.ts"
import { listKeys } from "./api-keys/list-keys.ts"
import { revokeKey } from "./api-keys/revoke-key.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import { auditExport, auditLog, auditVerification } from "./audit-log.ts"
import { serveDashboard } from "./dashboard/serve-dashboard.ts"
import { getDelivery } from "./deliveries/get-delivery.ts"
import { listDeliveries } from "./deliveries/list-deliveries.ts"
import { retryDelivery } from "./deliveries/retry-delivery.ts"
import { rotateEncryptionKey } from "./encryption-key/rotate-key.ts"
import { createEventType } from "./event-types/create-event-type.ts"
import { deleteEventType } from "./event-types/delete-event-type.ts"
import { getEventType } from "./event-types/get-event-type.ts"
import { listEventTypes } from "./event-types/list-event-types.ts"
import { replaceEventType } from "./event-types/replace-event-type.ts"
import { eventMatches } from "./events/event-matches.ts"
import { getEvent } from "./events/get-event.ts"
import { listEvents } from "./events/list-events.ts"
import { publishBatch } from "./events/publish-batch.ts"
import { publishEvent } from "./events/publish-event.ts"
import { asyncapiDocument } from "./instance/asyncapi-document.ts"
import { health } from "./instance/health.ts"
import { metrics } from "./instance/metrics.ts"
import { openapiDocument } from "./instance/openapi-document.ts"
import { referencePage } from "./instance/reference-page.ts"
import type { KeyUse } from "./key-use.ts"
import type { AcceptedMinutes } from "./overview/accepted-minutes.ts"
import { showOverview } from "./overview/show-overview.ts"
import { cancelReplay } from "./replays/cancel-replay.ts"
import { getReplay } from "./replays/get-replay.ts"
import { startReplay } from "./replays/start-replay.ts"
import type { Lists } from "./searching.ts"
import type { Sessions } from "./session/sessions.ts"
import { sessionRoutes } from "./session/sign-in.ts"
import type { ActivityFeed } from "./stream/activity-feed.ts"
import { streamActivity } from "./stream/stream-activity.ts"
import { createWebhook } from "./webhooks/create-webhook.ts"
import { deleteWebhook } from "./webhooks/delete-webhook.ts"
import { getWebhook } from "./webhooks/get-webhook.ts"
import { listWebhooks } from "./webhooks/list-webhooks.ts"
import { recentAttempts } from "./webhooks/recent-attempts.ts"
import { revealSecret } from "./webhooks/reveal-secret.ts"
import { rotateSecret } from "./webhooks/rotate-secret.ts"
import { testWebhook } from "./webhooks/test-webhook.ts"
import { updateWebhook } from "./webhooks/update-webhook.ts"
import { verifyWebhook } from "./webhooks/verify-webhook.ts"
import { webhookStats } from "./webhooks/webhook-stats.ts"
import { createWorkspace } from "./workspaces/create-workspace.ts"
import { deleteWorkspace } from "./workspaces/delete-workspace.ts"
import { getWorkspace } from "./workspaces/get-workspace.ts"
import { listWorkspaces } from "./workspaces/list-workspaces.ts"
import { updateWorkspace } from "./workspaces/update-workspace.ts"

const routes: readonly ((api: Api, parts: ApiParts, kept: Kept) => void)[] = [
  // First: it lists the routes that come after it, and itself.
  referencePage,
  createWorkspace,
  listWorkspaces,
  getWorkspace,
  updateWorkspace,
  deleteWorkspace,
  createKey,
  listKeys,
  revokeKey,
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  testWebhook,
  verifyWebhook,
  rotateSecret,
  revealSecret,
  webhookStats,
  recentAttempts,
  publishEvent,
  publishBatch,
  listEvents,
  getEvent,
  eventMatches,
  listDeliveries,
  getDelivery,
  retryDelivery,
  startReplay,
  getReplay,
  cancelReplay,
  listEventTypes,
  getEventType,
  createEventType,
  replaceEventType,
  deleteEventType,
  auditLog,
  auditExport,
  auditVerification,
  rotateEncryptionKey,
  health,
  metrics,
  openapiDocument,
  asyncapiDocument,
]

/** What the API keeps for itself while it runs. */
export type Kept = {
  readonly use: KeyUse
  readonly sessions: Sessions
  readonly feed: ActivityFeed
  readonly accepted: AcceptedMinutes
  readonly lists: Lists
}

export function addRoutes(api: Api, parts: ApiParts, kept: Kept): void {
  const { use, sessions, feed, accepted } = kept
  for (const route of routes) route(api, parts, kept)
  streamActivity(api, parts, feed, sessions)
  showOverview(api, parts, accepted)
  sessionRoutes(api, parts, use, sessions)
  if (parts.dashboardDir != null) serveDashboard(api, parts.dashboardDir)
}
