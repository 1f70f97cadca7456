import type { Connection } from "../http/connection.ts"
import { type EventStreamOptions, eventStream } from "../http/event-stream.ts"
import type { StreamMessage } from "../http/event-stream-parser.ts"
import { type Fields, isFields } from "../json-fields.ts"
import type { Activity, AttemptActivity, EventActivity } from "../wire/activity.ts"

/** `GET /v1/stream` as typed activities. Kinds that this version does not know are passed over. */
export async function* activityStream(
  connection: Connection,
  options: EventStreamOptions,
): AsyncGenerator<Activity, void, void> {
  for await (const message of eventStream(connection, "/v1/stream", options)) {
    const activity = activityOf(message)
    if (activity !== null) yield activity
  }
}

function activityOf(message: StreamMessage): Activity | null {
  const fields = fieldsOf(message.data)
  if (fields === null) return null
  // Believed as answers are; see `Connection.object`.
  if (message.event === "event") return { kind: "event", event: fields as EventActivity }
  if (message.event === "attempt") return { kind: "attempt", attempt: fields as AttemptActivity }
  return null
}

function fieldsOf(json: string): Fields | null {
  try {
    const value: unknown = JSON.parse(json)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}
