import { type Fields, isFields } from "../json-fields.ts"
import { WebhookRefused } from "./refusal.ts"

/** Reads a body whose signature holds. @throws WebhookRefused `body_malformed` */
export function readEnvelope(body: Uint8Array, textMembers: readonly string[]): Fields {
  const envelope = parse(body)
  const wrong = isFields(envelope)
    ? [...textMembers.filter((name) => typeof envelope[name] !== "string"), ...("data" in envelope ? [] : ["data"])]
    : []
  if (isFields(envelope) && wrong.length === 0) return envelope
  throw new WebhookRefused(
    "body_malformed",
    `The body is signed, but is no envelope of this profile${wrong.length > 0 ? ` (look at ${wrong.join(", ")})` : ""}. Verify with the function of the workspace's profile.`,
  )
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))
  } catch (cause) {
    throw new WebhookRefused("body_malformed", "The body is signed, but is not JSON in UTF-8.", { cause })
  }
}
