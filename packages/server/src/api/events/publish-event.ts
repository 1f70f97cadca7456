import type { FastifyRequest } from "fastify"
import type { Submission } from "../../accept/intake.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { type Sent, takenBody } from "../json-bodies.ts"
import { type Flaw, refuseIfFlawed } from "../problems.ts"
import { printablePattern, type Static } from "../schema-vocabulary.ts"
import { EventReceipt, EventSubmission } from "./event-schemas.ts"
import { publishedTrace } from "./published-trace.ts"
import { receiptView, refused, submission } from "./submissions.ts"

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
function submissionIn(request: Sent<Static<typeof EventSubmission>> & Pick<FastifyRequest, "headers">): Submission {
  const { body, members } = takenBody(request)
  const flaws: Flaw[] = []
  const submitted = submission(body, members, "", flaws)
  const idempotencyKey = agreedKey(request.headers, submitted, flaws)
  refuseIfFlawed(flaws)
  return { ...submitted, idempotencyKey }
}

const line = new RegExp(printablePattern, "u")

/** The header and the field are the same thing; saying two different ones is a mistake. */
function agreedKey(headers: FastifyRequest["headers"], { idempotencyKey }: Submission, flaws: Flaw[]) {
  const header = headers["idempotency-key"]
  if (header === undefined) return idempotencyKey
  const pointer = "/idempotency_key"
  if (typeof header !== "string" || header.length < 1 || header.length > 256 || !line.test(header)) {
    flaws.push({ pointer, detail: "the Idempotency-Key header must have 1 to 256 printable characters" })
  } else if (idempotencyKey !== null && idempotencyKey !== header) {
    flaws.push({ pointer, detail: "differs from the Idempotency-Key header; give one of them" })
  }
  return typeof header === "string" ? header : idempotencyKey
}
