import { randomBytes } from "node:crypto"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import type { AuditEntry } from "../../src/domain/audit.ts"
import type { Attempt, FailureCode } from "../../src/domain/delivery.ts"
import type { NewEvent } from "../../src/domain/event.ts"
import {
  type ApiKeyId,
  type AuditId,
  asId,
  type DeliveryId,
  type EventId,
  IdMint,
  type ReplayId,
  type WebhookId,
  type WorkspaceId,
} from "../../src/domain/ids.ts"
import type { Replay } from "../../src/domain/replay.ts"
import type { ApiKey, CustomEventType, Workspace } from "../../src/domain/workspace.ts"
import type { AcceptConflict, Accepted, Past, Settlement, Store, StoredWebhook } from "../../src/ports/store.ts"
import { plainSettings } from "../plain-webhook.ts"

/** A Tuesday, on the minute: stores may count by whole minutes. */
export const t0 = Date.UTC(2026, 0, 6, 12)
export const secondMs = 1_000
export const minuteMs = 60_000

// Ids are random in part, so that stories told to one database at the same time do not meet.
const mint = new IdMint(() => randomBytes(8).toString("hex"))
export const newEventId = (atMs = t0) => asId<EventId>(`evt_${mintAt(atMs)}`)
export const newDeliveryId = (atMs = t0) => asId<DeliveryId>(`dlv_${mintAt(atMs)}`)
const newWorkspaceId = () => asId<WorkspaceId>(`ws_${mint.next(t0)}`)
export const newWebhookId = () => asId<WebhookId>(`wh_${mint.next(t0)}`)
const newKeyId = () => asId<ApiKeyId>(`key_${mint.next(t0)}`)
export const newReplayId = () => asId<ReplayId>(`rpl_${mint.next(t0)}`)
const newAuditId = () => asId<AuditId>(`aud_${mint.next(t0)}`)

/** Stories jump in time, which one mint would not follow back. */
const mints = new Map<number, IdMint>()
function mintAt(atMs: number): string {
  let at = mints.get(atMs)
  if (at === undefined) {
    at = new IdMint(() => randomBytes(8).toString("hex"))
    mints.set(atMs, at)
  }
  return at.next(atMs)
}

export type EventSketch = Partial<Omit<NewEvent, "deliveries">> & {
  /** A delivery for each; a webhook's id stands for one without a lane key. */
  readonly to?: readonly (WebhookId | { readonly webhookId: WebhookId; readonly laneKey: string })[]
}

export function newEvent({ to = [], ...rest }: EventSketch = {}): NewEvent {
  const acceptedMs = rest.acceptedMs ?? t0
  return {
    id: newEventId(acceptedMs),
    type: "scan.completed",
    createdMs: acceptedMs,
    acceptedMs,
    body: '{"data":{}}',
    orderingKey: null,
    attributes: {},
    metadata: null,
    trace: null,
    idempotency: null,
    ...rest,
    deliveries: to.map((target) =>
      typeof target === "string"
        ? { id: newDeliveryId(acceptedMs), webhookId: target, laneKey: "" }
        : { id: newDeliveryId(acceptedMs), ...target },
    ),
  }
}

export function newAttempt(number: number, sketch: Partial<Attempt> = {}): Attempt {
  return {
    number,
    atMs: t0,
    durationMs: 12.5,
    statusCode: 200,
    error: null,
    requestHeaders: [["content-type", "application/json"]],
    responseHeaders: [["server", "test"]],
    responseBody: "ok",
    ...sketch,
  }
}

export function failedAttempt(number: number, sketch: Partial<Attempt> = {}, code: FailureCode = "non_2xx"): Attempt {
  return newAttempt(number, {
    statusCode: 503,
    error: { code, message: "It answered 503.", hint: "Look at the receiver." },
    ...sketch,
  })
}

/** All that is over by then. */
export function past(beforeMs: number): Past {
  return { beforeMs, deletedBeforeMs: beforeMs }
}

export function workspaceOf(id: WorkspaceId, version = 1): Workspace {
  return { id, name: "Acme", profile: "standard", engineVersion: null, createdMs: t0, version }
}

export function webhookOf(
  workspaceId: WorkspaceId,
  id: WebhookId,
  version: number,
  sketch: Partial<StoredWebhook> = {},
): StoredWebhook {
  return {
    ...plainSettings(t0),
    id,
    workspaceId,
    url: "https://example.com/hook",
    version,
    sealed: "sealed",
    ...sketch,
  }
}

export function apiKeyOf(workspaceId: WorkspaceId, id = newKeyId()): ApiKey {
  return {
    id,
    workspaceId,
    name: "ci",
    scopes: ["events:write"],
    prefix: "tk_abc",
    hash: "00".repeat(32),
    createdMs: t0,
    expiresMs: null,
    revokedMs: null,
  }
}

export function eventTypeOf(workspaceId: WorkspaceId, name: string, version: number): CustomEventType {
  return {
    workspaceId,
    name,
    group: "own",
    description: "",
    severity: null,
    schema: null,
    sample: null,
    createdMs: t0,
    version,
  }
}

export function auditOf(workspaceId: WorkspaceId, action: string): AuditEntry {
  return {
    id: newAuditId(),
    workspaceId,
    atMs: t0,
    actor: { kind: "engine" },
    address: null,
    action,
    subject: workspaceId,
    before: null,
    after: { n: 1 },
  }
}

export function replayOf(workspaceId: WorkspaceId, webhookId: WebhookId, sketch: Partial<Replay> = {}): Replay {
  return {
    id: newReplayId(),
    workspaceId,
    webhookId,
    fromMs: t0,
    toMs: t0 + minuteMs,
    eventTypes: null,
    statuses: null,
    onlyMissing: false,
    state: "running",
    afterId: null,
    examined: 0,
    enqueued: 0,
    createdMs: t0,
    updatedMs: t0,
    ...sketch,
  }
}

/** A workspace with one webhook and the verbs that most stories use. */
export class Story {
  readonly store: Store
  readonly workspaceId = newWorkspaceId()
  readonly webhookId = newWebhookId()
  #version = 0

  constructor(store: Store) {
    this.store = store
  }

  static async of(store: Store): Promise<Story> {
    const story = new Story(store)
    await store.configure([{ kind: "workspace", put: workspaceOf(story.workspaceId) }], [])
    await story.webhook({})
    return story
  }

  /** Writes the webhook with these settings. */
  async webhook(sketch: Partial<StoredWebhook>): Promise<void> {
    const put = webhookOf(this.workspaceId, this.webhookId, ++this.#version, sketch)
    const outcome = await this.store.configure([{ kind: "webhook", put }], [])
    if (outcome !== "done") throw new Error("the webhook could not be written")
  }

  accept(...events: readonly NewEvent[]): Promise<Accepted | AcceptConflict> {
    return this.store.accept({ workspaceId: this.workspaceId, events })
  }

  /** Accepts an event with one delivery to the webhook. */
  async delivery(sketch: EventSketch = {}): Promise<DeliveryId> {
    const event = newEvent({ to: [this.webhookId], ...sketch })
    await this.accept(event)
    const id = event.deliveries[0]?.id
    if (id === undefined) throw new Error("the event has no delivery")
    return id
  }

  settle(
    deliveryId: DeliveryId,
    next: Settlement["next"],
    attempt: Attempt | null,
    atMs = attempt?.atMs ?? t0,
  ): Promise<boolean> {
    const { workspaceId, webhookId } = this
    const recorded = attempt && recordedAttempt(attempt)
    return this.store.settle({ workspaceId, webhookId, deliveryId, atMs, attempt: recorded, next })
  }

  async stateOf(id: DeliveryId) {
    const record = await this.store.delivery(this.workspaceId, id)
    if (record === null) throw new Error(`no delivery ${id}`)
    return record
  }

  async health() {
    const health = (await this.store.health(this.workspaceId, [this.webhookId])).get(this.webhookId)
    if (health === undefined) throw new Error("no health")
    return health
  }
}
