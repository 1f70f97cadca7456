import { asId, type Unique } from "../domain/ids.ts"
import { profileNames } from "../domain/workspace.ts"
import { profileByName } from "../profiles/by-name.ts"
import { operationalEvents } from "../profiles/operational-events.ts"
import type { Profile } from "../profiles/profile.ts"

/** What receivers get for one event type of one profile, as the OpenAPI and AsyncAPI documents describe it. */
export type SentMessage = {
  readonly profile: Profile
  readonly type: string
  readonly summary: string
  readonly headers: readonly SentHeader[]
  readonly schema: object
  readonly example: object
}

type SentHeader = { readonly name: string; readonly description: string; readonly required: boolean }

export function sentMessages(): SentMessage[] {
  return profileNames.flatMap((name) => {
    const profile = profileByName(name)
    return [...profile.catalogue, ...operationalEvents].map((type) => {
      const example: unknown = JSON.parse(sampleEnvelope(profile, type))
      if (typeof example !== "object" || example === null) throw new Error(`the envelope of ${type.name} is no object`)
      return {
        profile,
        type: type.name,
        summary: type.description,
        headers: headersOf(profile),
        schema: envelopeSchema(example, type.schema),
        example,
      }
    })
  })
}

function headersOf(profile: Profile): SentHeader[] {
  const own = profile.signature("secret", "")?.[0]
  const header = (name: string, description: string, required = true) => ({ name, description, required })
  return [
    header("webhook-id", "The event's id: the same each time that it is sent"),
    header("webhook-timestamp", "When this attempt was made, Unix seconds"),
    header(
      "webhook-signature",
      "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body; two while a secret is changed",
    ),
    ...(own === undefined ? [] : [header(own, "HMAC-SHA256 over the body alone, in hex")]),
    header(`${profile.headerPrefix}Event`, "The event's type"),
    header(`${profile.headerPrefix}Delivery`, "The delivery's id"),
    header(`${profile.headerPrefix}Attempt`, "Which attempt this is, from 1"),
    header(`${profile.headerPrefix}Sequence`, "Rises by one per webhook; not on test payloads", false),
    header(`${profile.headerPrefix}Test`, "`true` on test and verification payloads, and on nothing else", false),
  ]
}

const sampleMs = Date.UTC(2024, 0, 15, 14, 30)
const sampleUnique = "018d0d9a5f1b00011234567890abcdef" as Unique

function sampleEnvelope(profile: Profile, type: { readonly name: string; readonly sample: unknown }): string {
  return profile.envelope({
    id: profile.eventId(sampleUnique),
    type: type.name,
    createdMs: sampleMs,
    data: JSON.stringify(type.sample ?? {}),
    workspaceId: asId("ws_5501"),
    engineVersion: null,
    idempotencyKey: null,
    metadata: null,
  })
}

function envelopeSchema(example: object, data: object | null) {
  const members: [string, unknown][] = Object.entries(example)
  return {
    type: "object",
    required: members.map(([name]) => name),
    properties: Object.fromEntries(
      members.map(([name, value]) => [
        name,
        name === "data" ? (data ?? { type: "object" }) : { type: jsonType(value) },
      ]),
    ),
  }
}

function jsonType(value: unknown): string {
  return typeof value === "object" ? "object" : typeof value
}
