import { type BodyChange, bodyChanges } from "./body-changes.ts"

/** What can be wrong with a captured request. docs/cli.md lists exactly these. */
export const findingTexts = {
  header_missing: {
    message: "A header that the signature needs is missing.",
    remedy: "Check that the request comes from the webhook, and that nothing in front of the receiver removes headers.",
  },
  standard_headers_missing: {
    message: "webhook-id, webhook-timestamp and webhook-signature are missing.",
    remedy:
      "The body is authentic, but nothing tells a recording that is sent again from the original: capture and check these headers too.",
  },
  other_profile: {
    message: "The signature header is another profile's.",
    remedy: "Verify with the profile that the workspace has; `tocsin doctor` tells which.",
  },
  prefix_missing: {
    message: "The signature lacks its sha256= in front; the digest itself is right.",
    remedy:
      "Compare with the whole header. Something between sender and receiver cut it, or the code that checks it does.",
  },
  prefix_unexpected: {
    message: "The signature has a sha256= in front that this profile does not use; the digest itself is right.",
    remedy:
      "This profile's header is the hex digest alone. Check which profile the workspace has, and what adds the prefix.",
  },
  wrong_encoding: {
    message: "The digest is right, in the wrong encoding.",
    remedy: "The documents' own headers carry it in hex, webhook-signature in base64 after v1,.",
  },
  upper_case_hex: {
    message: "The hex digest is in capital letters; it is sent in small ones.",
    remedy: "Compare bytes, or small letters with small letters: many comparisons are of texts.",
  },
  signature_malformed: {
    message: "The signature header does not hold a SHA-256 digest.",
    remedy: "It may have been cut or merged with another on the way. Capture the request again, as it came.",
  },
  header_repeated: {
    message: "The header is there more than once.",
    remedy: "Something on the way adds it again. Only the sender's may reach the receiver.",
  },
  timestamp_malformed: {
    message: "webhook-timestamp is not a number of Unix seconds.",
    remedy: "Capture the request again, as it came.",
  },
  timestamp_in_milliseconds: {
    message: "webhook-timestamp is in milliseconds; it is sent in seconds.",
    remedy: "Something rewrote it: the signature covers the seconds as they were sent.",
  },
  timestamp_stale: {
    message: "The request was signed too long ago.",
    remedy:
      "For a request that was captured earlier, say when with --at. Otherwise compare the clocks of both machines (`tocsin doctor`), or it is a recording that somebody sends again.",
  },
  timestamp_in_future: {
    message: "The request was signed in the future.",
    remedy: "Compare the clocks of both machines (`tocsin doctor`).",
  },
  signed_headers_changed: {
    message: "The body is as it was signed, but webhook-id or webhook-timestamp is not.",
    remedy: "Both are part of what webhook-signature signs. Take them from the request as it came.",
  },
  id_mismatch: {
    message: "webhook-id is not the id in the body: they are of two different requests.",
    remedy: "Capture headers and body of one and the same request.",
  },
  wrong_secret: {
    message: "The secret is wrong.",
    remedy:
      "Compare it with the webhook's (`tocsin webhooks show <webhook> --secret`): another webhook's, another environment's, or one from before a rotation?",
  },
  old_secret: {
    message: "This is the secret from before a rotation; it signs until the overlap ends.",
    remedy: "Give the receiver the new one (`tocsin webhooks show <webhook> --secret`) before then.",
  },
  secret_with_extras: {
    message: "The secret holds something that does not belong to it.",
    remedy: "Take it without quotes, spaces and line's ends: `tr -d '\\n'`, or check how the variable was set.",
  },
  secret_prefix: {
    message: "The secret differs from the right one by whsec_ alone.",
    remedy: "Use it whole, as it was shown: whsec_ belongs to it.",
  },
  secret_unusable: {
    message: "What follows whsec_ in the secret is not base64.",
    remedy: "Copy it again, whole.",
  },
  body_empty: {
    message: "The body is empty.",
    remedy:
      "Something read it before it was captured (a body parser, a stream that was read twice). Keep the raw body before anything else sees it.",
  },
  body_truncated: {
    message: "The body is shorter than content-length says.",
    remedy: "Read the request to its end before checking it, and mind limits of proxies and body parsers.",
  },
  body_longer: {
    message: "The body is longer than content-length says, so it was changed after it came.",
    remedy: "Check the raw bytes, before anything decodes or rewrites them.",
  },
  body_reserialised: {
    message: "The body was changed after it was signed.",
    remedy:
      "Verify the raw bytes, before any JSON parsing: express.raw() in Express, request.get_data() in Flask, request.body in Django, io.ReadAll in Go, php://input in PHP.",
  },
  body_changed: {
    message: "The body is not the one that was signed.",
    remedy: "Verify the raw bytes as they came. With --compare the event is fetched and the first difference shown.",
  },
  not_an_envelope: {
    message: "The signature is right, but the body is no envelope of this profile.",
    remedy: "Verify with the profile that the workspace has.",
  },
} as const satisfies Readonly<Record<string, { message: string; remedy: string }>>

export type FindingCode = keyof typeof findingTexts

export type Finding = {
  readonly code: FindingCode
  /** `problem`: a receiver must refuse the request. `note`: worth knowing. */
  readonly weight: "problem" | "note"
  /** False where the evidence is strong but proves nothing. */
  readonly certain: boolean
  readonly message: string
  readonly remedy: string
  /** The header concerned. */
  readonly header: string | null
  /** Particulars: what happened to the body, by how much a clock is off. */
  readonly details: readonly string[]
}

type Particulars = {
  readonly header?: string
  readonly details?: readonly string[]
  readonly weight?: Finding["weight"]
  readonly certain?: boolean
}

export function finding(code: FindingCode, particulars: Particulars = {}): Finding {
  const { weight = "problem", certain = true, header = null, details = [] } = particulars
  return { code, weight, certain, ...findingTexts[code], header, details }
}

export function changeDetails(changes: readonly BodyChange[]): readonly string[] {
  return changes.map((change) => bodyChanges[change])
}
