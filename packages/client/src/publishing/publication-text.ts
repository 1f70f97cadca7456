import { isFields } from "../json-fields.ts"
import type { Publication } from "../wire/event.ts"

/**
 * A publication as JSON text, with an idempotency key in any case: a publish whose answer was lost is repeated, and
 * must not become two events.
 *
 * @throws TypeError for `data` that JSON cannot hold, and for a `dataText` that is no JSON object.
 */
export function publicationText(publication: Publication): string {
  const { data, dataText, idempotency_key = newIdempotencyKey(), ...fields } = publication
  const rest = JSON.stringify({ ...fields, idempotency_key })
  return `${rest.slice(0, -1)},"data":${dataText === undefined ? textOf(data) : checked(dataText)}}`
}

/** Unguessable and unique. Not `randomUUID`: browsers have it on https pages only. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `idm_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
}

export function textOf(data: unknown): string {
  try {
    // Anything may come from plain JavaScript, and what is no object the server would refuse with less to say.
    if (isFields(data)) return JSON.stringify(data)
  } catch (cause) {
    throw new TypeError("data cannot be written as JSON. For integers beyond 2^53 give JSON text as dataText.", {
      cause,
    })
  }
  throw new TypeError("data must be an object. Give it as data, or as JSON text in dataText.")
}

/** Parsed for the check alone: text that is not one JSON object could smuggle further members into the request. */
function checked(dataText: string): string {
  let data: unknown
  try {
    data = JSON.parse(dataText)
  } catch (cause) {
    throw new TypeError("dataText is not valid JSON.", { cause })
  }
  if (!isFields(data)) throw new TypeError("dataText must be a JSON object.")
  return dataText
}
