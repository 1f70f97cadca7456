import type { EventId, Unique, WorkspaceId } from "../domain/ids.ts"
import type { Ordering } from "../domain/webhook.ts"
import type { EventType, ProfileName } from "../domain/workspace.ts"

/** What an envelope is made of. */
export type EnvelopeParts = {
  readonly id: EventId
  readonly type: string
  readonly createdMs: number
  /** The publisher's own JSON text: it goes into the envelope untouched. */
  readonly data: string
  readonly workspaceId: WorkspaceId
  readonly engineVersion: string | null
  readonly idempotencyKey: string | null
  /** The publisher's `metadata` object as JSON text, or null. */
  readonly metadata: string | null
}

/**
 * The face a workspace shows to its receivers: data and a few pure functions. The engine never asks which one it
 * serves. Spec: wire.md.
 */
export type Profile = {
  readonly name: ProfileName
  readonly title: string
  /** The event's id in the form that the document prints. */
  eventId(unique: Unique): EventId
  /** The body, built once per event. */
  envelope(parts: EnvelopeParts): string
  /** Before `Event`, `Delivery`, `Attempt`, `Sequence`, `Test`. */
  readonly headerPrefix: string
  /** The document's own signature header; null where `webhook-signature` is the main one. */
  signature(secret: string, body: string): readonly [name: string, value: string] | null
  succeeded(status: number): boolean
  /** Told to a person whose receiver answered something else. */
  readonly successRule: string
  readonly timeoutSeconds: { readonly default: number; readonly max: number }
  readonly ordering: Ordering
  readonly secret: "required" | "generated"
  /** `random` are 32 unpredictable bytes. */
  newSecret(random: Uint8Array): string
  readonly userAgent: string
  readonly catalogue: readonly EventType[]
  /** Sent, with `Test: true`, by "Enable Verification". */
  readonly verification: { readonly type: string; readonly data: unknown }
}
