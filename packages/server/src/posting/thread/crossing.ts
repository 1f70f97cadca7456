import { failureCodeIn } from "../../domain/delivery.ts"
import { asId, type DeliveryId, type EventId } from "../../domain/ids.ts"
import type { Post, Posted } from "../../ports/poster.ts"
import { type Tape, TapeReader } from "../../threads/tape.ts"

/** Posts on their way to the thread, and results on their way back: many in one message. */
export type NumberedPost = { readonly id: number; readonly target: number; readonly post: Post }
export type NumberedResult = { readonly id: number; readonly posted: Posted }

export function writePost(tape: Tape, { id, target, post }: NumberedPost): void {
  const { eventId, eventType, deliveryId, attempt, sequence, body, trace, test } = post
  tape.push(id, target, eventId, eventType, deliveryId, attempt, sequence, body, test ? 1 : 0)
  if (trace === null) tape.push(null)
  else tape.push(trace.traceparent, trace.tracestate)
}

export function readPosts(tape: Tape, take: (numbered: NumberedPost) => void): void {
  const read = new TapeReader(tape)
  while (!read.ended()) {
    const id = read.number()
    const target = read.number()
    const post = {
      eventId: asId<EventId>(read.text()),
      eventType: read.text(),
      deliveryId: asId<DeliveryId>(read.text()),
      attempt: read.number(),
      sequence: read.numberOrNull(),
      body: read.text(),
      test: read.number() === 1,
    }
    const traceparent = read.textOrNull()
    const trace = traceparent === null ? null : { traceparent, tracestate: read.textOrNull() }
    take({ id, target, post: { ...post, trace } })
  }
}

export function writeResult(tape: Tape, { id, posted: { attempt, verdict } }: NumberedResult): void {
  tape.push(id, attempt.number, attempt.atMs, attempt.durationMs, attempt.statusCode, attempt.detail)
  if (verdict.delivered) tape.push(null)
  else {
    const { error, failure } = verdict
    tape.push(failure.code, failure.retryAfterMs, error.code, error.message, error.hint)
  }
}

export function readResults(tape: Tape, take: (numbered: NumberedResult) => void): void {
  const read = new TapeReader(tape)
  while (!read.ended()) {
    const id = read.number()
    const made = {
      number: read.number(),
      atMs: read.number(),
      durationMs: read.number(),
      statusCode: read.numberOrNull(),
      detail: read.text(),
    }
    const code = read.textOrNull()
    if (code === null) {
      take({ id, posted: { attempt: { ...made, error: null }, verdict: { delivered: true } } })
      continue
    }
    const failure = { code: failureCodeIn(code), retryAfterMs: read.numberOrNull() }
    const error = { code: failureCodeIn(read.text()), message: read.text(), hint: read.text() }
    take({ id, posted: { attempt: { ...made, error }, verdict: { delivered: false, failure, error } } })
  }
}
