import { isUtf8 } from "node:buffer"
import type { FastifyRequest } from "fastify"
import type { Submission } from "../../accept/intake.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { type Sent, takenBody } from "../json-bodies.ts"
import { type Flaw, refuseIfFlawed } from "../problems.ts"
import { printablePattern, type Static } from "../schema-vocabulary.ts"
import { EventReceipt, EventSubmission } from "./event-schemas.ts"
import { publishedTrace } from "./published-trace.ts"
import { receiptView, refused, refuseOwnKey, submission } from "./submissions.ts"

/** Room for 256 KiB of `data` written with escapes, and the envelope. */
const bodyBytesMax = 1024 * 1024

export function publishEvent(api: Api, { intake }: ApiParts): void {
  api.post(
    "/v1/events",
    {
      schema: {
        tags: ["events"],
        operationId: "publishEvent",
        summary: "Publish an event",
        description:
          "Answered once the event and its deliveries are durable. The same idempotency key again answers 200 and the first event.",
        body: EventSubmission,
        response: {
          202: { ...EventReceipt, description: "Accepted" },
          200: { ...EventReceipt, description: "Accepted before" },
        },
      },
      bodyLimit: bodyBytesMax,
      config: { access: "events:write", limited: false },
    },
    async (request, reply) => {
      const outcome = await intake.accept(workspaceOf(request), [submissionIn(request)], publishedTrace(request))
      if (!outcome.accepted) throw refused(outcome.refusals, () => "")
      const [receipt] = outcome.receipts
      if (!receipt) throw new Error("the intake gave no receipt")
      return reply.code(receipt.duplicate ? 200 : 202).send(receiptView(receipt))
    },
  )
}

/** No part of the handler, which would hold what was parsed while it waits. */
function submissionIn(request: Sent<Static<typeof EventSubmission>> & Headed): Submission {
  const { body, members } = takenBody(request)
  const flaws: Flaw[] = []
  const submitted = submission(body, members, "", flaws)
  const idempotencyKey = agreedKey(request, submitted, flaws)
  refuseIfFlawed(flaws)
  return { ...submitted, idempotencyKey }
}

type Headed = Pick<FastifyRequest, "headers" | "raw">

const line = new RegExp(printablePattern, "u")

/** The header and the field are the same thing; saying two different ones is a mistake. */
function agreedKey({ headers, raw }: Headed, { idempotencyKey }: Submission, flaws: Flaw[]): string | null {
  const header = headers["idempotency-key"]
  if (header === undefined) return idempotencyKey
  const pointer = "/idempotency_key"
  // Node joins what is sent twice with a comma, which a key may hold as well.
  if (typeof header !== "string" || timesGiven("idempotency-key", raw.rawHeaders) !== 1) {
    flaws.push({ pointer, detail: "the Idempotency-Key header must be given once" })
    return idempotencyKey
  }
  const key = utf8Of(header)
  if (key === null || key.length < 1 || key.length > 256 || !line.test(key)) {
    flaws.push({ pointer, detail: "the Idempotency-Key header must have 1 to 256 printable characters, in UTF-8" })
  } else if (idempotencyKey !== null && idempotencyKey !== key) {
    flaws.push({ pointer, detail: "differs from the Idempotency-Key header; give one of them" })
  } else if (idempotencyKey === null) refuseOwnKey(key, "", flaws)
  return key
}

/** @param rawHeaders names and values in turn, as they came. */
function timesGiven(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((each, at) => at % 2 === 0 && each.toLowerCase() === name).length
}

/** Node takes each byte of a header for a character. The same key in the body is UTF-8. */
function utf8Of(header: string): string | null {
  const bytes = Buffer.from(header, "latin1")
  return isUtf8(bytes) ? bytes.toString("utf8") : null
}
