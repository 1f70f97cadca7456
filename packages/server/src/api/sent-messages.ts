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
  readonly schema: object
  readonly example: object
}

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
        schema: envelopeSchema(example, type.schema),
        example,
      }
    })
  })
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
