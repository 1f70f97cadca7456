import type { Static, TSchema } from "typebox"
import { expectTypeOf, it } from "vitest"
import type { KeyCreated, KeyShown } from "../../server/src/api/api-keys/key-view.ts"
import type { AuditShown, ChainShown } from "../../server/src/api/audit-log.ts"
import type {
  DeliveryDetail as DeliveryDetailSchema,
  DeliveryShown,
} from "../../server/src/api/deliveries/delivery-view.ts"
import type { RotationShown } from "../../server/src/api/encryption-key/rotate-key.ts"
import type { EventTypeShown } from "../../server/src/api/event-types/event-type-view.ts"
import type { EventMatchShown } from "../../server/src/api/events/event-matches.ts"
import type {
  EventDetail as EventDetailSchema,
  EventReceipt,
  EventShown,
  EventSubmission,
} from "../../server/src/api/events/event-schemas.ts"
import type { OverviewShown } from "../../server/src/api/overview/show-overview.ts"
import type { ReplayShown } from "../../server/src/api/replays/replay-view.ts"
import type { SessionShown } from "../../server/src/api/session/session-view.ts"
import type { RecentAttempt as RecentAttemptSchema } from "../../server/src/api/webhooks/recent-attempts.ts"
import type {
  ProbeShown,
  WebhookCreated,
  WebhookCreation,
  WebhookShown,
  WebhookUpdate,
} from "../../server/src/api/webhooks/webhook-schemas.ts"
import type { WorkspaceCreated, WorkspaceShown } from "../../server/src/api/workspaces/workspace-view.ts"
import type {
  ApiKey,
  AuditEntry,
  AuditVerification,
  CreatedApiKey,
  CreatedWebhook,
  CreatedWorkspace,
  Delivery,
  DeliveryDetail,
  Event,
  EventDetail,
  EventMatch,
  EventType,
  KeyRotation,
  NewWebhook,
  Overview,
  Probe,
  Publication,
  Receipt,
  RecentAttempt,
  Replay,
  Session,
  Webhook,
  WebhookChange,
  Workspace,
} from "../src/index.ts"

// Types only: `tsc -p .` is what fails when the server's schemas and the client's types part.

/** Ours say readonly and allow undefined where a member may be left out; JSON knows neither. */
type Json<Type> = Type extends readonly (infer Item)[]
  ? Json<Item>[]
  : Type extends object
    ? { -readonly [Name in keyof Type]: Json<Exclude<Type[Name], undefined>> }
    : Type

type Answer<Schema extends TSchema> = Json<Static<Schema>>

it("answers have exactly the members that the server's schemas have", () => {
  expectTypeOf<Answer<typeof WorkspaceShown>>().toEqualTypeOf<Json<Workspace>>()
  expectTypeOf<keyof Answer<typeof WorkspaceCreated>>().toEqualTypeOf<keyof CreatedWorkspace>()
  expectTypeOf<Answer<typeof KeyShown>>().toEqualTypeOf<Json<ApiKey>>()
  expectTypeOf<keyof Answer<typeof KeyCreated>>().toEqualTypeOf<keyof CreatedApiKey>()
  expectTypeOf<Answer<typeof WebhookShown>>().toEqualTypeOf<Json<Webhook>>()
  expectTypeOf<keyof Answer<typeof WebhookCreated>>().toEqualTypeOf<keyof CreatedWebhook>()
  expectTypeOf<Answer<typeof ProbeShown>>().toEqualTypeOf<Json<Probe>>()
  expectTypeOf<Answer<typeof EventReceipt>>().toEqualTypeOf<Json<Receipt>>()
  expectTypeOf<Answer<typeof EventShown>>().toEqualTypeOf<Json<Event>>()
  expectTypeOf<keyof Answer<typeof EventDetailSchema>>().toEqualTypeOf<keyof EventDetail>()
  expectTypeOf<Answer<typeof DeliveryShown>>().toEqualTypeOf<Json<Delivery>>()
  expectTypeOf<keyof Answer<typeof DeliveryDetailSchema>>().toEqualTypeOf<keyof DeliveryDetail>()
  expectTypeOf<Answer<typeof DeliveryDetailSchema>["attempts"]>().toEqualTypeOf<Json<DeliveryDetail["attempts"]>>()
  expectTypeOf<Answer<typeof ReplayShown>>().toEqualTypeOf<Json<Replay>>()
  expectTypeOf<Answer<typeof EventMatchShown>>().toEqualTypeOf<Json<EventMatch>>()
  expectTypeOf<Answer<typeof RecentAttemptSchema>>().toEqualTypeOf<Json<RecentAttempt>>()
  expectTypeOf<Answer<typeof OverviewShown>>().toEqualTypeOf<Json<Overview>>()
  expectTypeOf<Answer<typeof SessionShown>>().toEqualTypeOf<Json<Session>>()
  expectTypeOf<Answer<typeof AuditShown>>().toEqualTypeOf<Json<AuditEntry>>()
  expectTypeOf<Answer<typeof ChainShown>>().toEqualTypeOf<Json<AuditVerification>>()
  expectTypeOf<Answer<typeof RotationShown>>().toEqualTypeOf<Json<KeyRotation>>()
  expectTypeOf<keyof Answer<typeof EventTypeShown>>().toEqualTypeOf<keyof EventType>()
})

it("what is sent has exactly the members that the server takes", () => {
  expectTypeOf<Json<NewWebhook>>().toEqualTypeOf<Answer<typeof WebhookCreation>>()
  expectTypeOf<Json<WebhookChange>>().toEqualTypeOf<Answer<typeof WebhookUpdate>>()
  expectTypeOf<Exclude<keyof Publication, "dataText">>().toEqualTypeOf<keyof Answer<typeof EventSubmission>>()
})
