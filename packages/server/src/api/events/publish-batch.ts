import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from "fastify"
import Type from "typebox"
import type { Submission } from "../../accept/intake.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { distinctMembersOfEach, type Sent, takenBody } from "../json-bodies.ts"
import { type Flaw, Problem, refuseIfFlawed } from "../problems.ts"
import { Closed, type Static } from "../schema-vocabulary.ts"
import { EventReceipt, EventSubmission, eventsPerBatchMax } from "./event-schemas.ts"
import { publishedTrace } from "./published-trace.ts"
import { receiptView, refused, submission } from "./submissions.ts"

const bodyBytesMax = 5 * 1024 * 1024

const Batch = Closed({ events: Type.Array(EventSubmission, { minItems: 1, maxItems: eventsPerBatchMax }) })

export function publishBatch(api: Api, { intake }: ApiParts): void {
  api.post(
    "/v1/events/batch",
    {
      schema: {
        tags: ["events"],
        operationId: "publishBatch",
        summary: "Publish up to 1000 events, all or none",
        body: Batch,
        response: {
          202: Type.Object({ data: Type.Array(EventReceipt, { description: "In the order of the events" }) }),
        },
      },
      bodyLimit: bodyBytesMax,
      preValidation: refuseHeaderKey,
      config: { access: "events:write", limited: false },
    },
    async (request, reply) => {
      const outcome = await intake.accept(workspaceOf(request), submissionsIn(request), publishedTrace(request))
      if (!outcome.accepted) throw refused(outcome.refusals, (index) => `/events/${index}`)
      return reply.code(202).send({ data: outcome.receipts.map(receiptView) })
    },
  )
}

/** No part of the handler, which would hold what was parsed while it waits. */
function submissionsIn(request: Sent<Static<typeof Batch>>): Submission[] {
  const { body, members } = takenBody(request)
  const sent = distinctMembersOfEach(members.get("events") ?? "[]", "/events")
  const flaws: Flaw[] = []
  const submissions = body.events.map((event, index) =>
    submission(event, sent[index] ?? new Map(), `/events/${index}`, flaws),
  )
  refuseIfFlawed(flaws)
  return submissions
}

/** One key cannot stand for a thousand events: ignoring it would let a client believe it is protected. */
function refuseHeaderKey(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  if (request.headers["idempotency-key"] === undefined) done()
  else {
    const detail = "give each event its own idempotency_key in place of the Idempotency-Key header"
    done(new Problem("validation_failed", { errors: [{ pointer: "/events", detail }] }))
  }
}
