import type { ApiKeyId, WorkspaceId } from "./ids.ts"

export const profileNames = ["policycortex", "cybervault", "standard"] as const
export type ProfileName = (typeof profileNames)[number]

export type Workspace = {
  readonly id: WorkspaceId
  readonly name: string
  readonly profile: ProfileName
  /** Stated in CyberVault's envelope (`metadata.engine_version`). */
  readonly engineVersion: string | null
  readonly createdMs: number
  readonly version: number
}

export const scopes = [
  "webhooks:read",
  "webhooks:write",
  "events:read",
  "events:write",
  "deliveries:read",
  "deliveries:write",
  "keys:write",
] as const
export type Scope = (typeof scopes)[number]

export type ApiKey = {
  readonly id: ApiKeyId
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The first characters of the key, so that a person can tell keys apart. */
  readonly prefix: string
  /** SHA-256 of the key, hex. Keys carry 256 random bits, so a slow password hash would add nothing. */
  readonly hash: string
  readonly createdMs: number
  readonly expiresMs: number | null
  readonly revokedMs: number | null
}

/** Whether a key still stands for its workspace: neither revoked nor expired. */
export function isInForce({ revokedMs, expiresMs }: ApiKey, nowMs: number): boolean {
  return revokedMs === null && (expiresMs === null || expiresMs > nowMs)
}

/**
 * Of keys that are no longer in force those to be forgotten: the ones that ended first.
 * @param most how many may be kept.
 */
export function endedBeyond(keys: readonly ApiKey[], most: number, nowMs: number): readonly ApiKey[] {
  const ended = keys.filter((key) => !isInForce(key, nowMs)).sort((a, b) => endMs(a) - endMs(b))
  return ended.slice(0, Math.max(0, ended.length - most))
}

function endMs({ revokedMs, expiresMs }: ApiKey): number {
  return Math.min(revokedMs ?? Number.POSITIVE_INFINITY, expiresMs ?? Number.POSITIVE_INFINITY)
}

/** JSON Schema, as data. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** A type of event: one of the profile's, or one that the workspace registered. */
export type EventType = {
  readonly name: string
  readonly group: string
  readonly description: string
  /** The severity an event of this type has when its data states none; null where severity has no meaning. */
  readonly severity: string | null
  /** Schema of `data`; null accepts any object. */
  readonly schema: JsonSchema | null
  /** A realistic `data`; null when the workspace gave none. */
  readonly sample: unknown
  /** Which attributes it carries, and where in `data` each is found, first hit first (dotted paths). */
  readonly attributePaths: {
    readonly [A in "severity" | "environment" | "cloud_provider" | "resource_id"]?: readonly string[]
  }
}

/** A type registered by a workspace. */
export type CustomEventType = {
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly group: string
  readonly description: string
  readonly severity: string | null
  readonly schema: JsonSchema | null
  readonly sample: unknown
  readonly createdMs: number
  readonly version: number
}

/** As the catalogue has it: one registered with a severity carries the attribute, in `data.severity` or as its default. */
export function inCatalogue(type: CustomEventType): EventType {
  return { ...type, attributePaths: type.severity === null ? {} : { severity: ["severity"] } }
}
