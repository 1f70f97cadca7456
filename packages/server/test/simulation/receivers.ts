import { type FailureCode, failureCodes } from "../../src/domain/delivery.ts"
import { pick } from "./plan.ts"
import type { Reply } from "./scripted-sender.ts"
import type { SeededRandom } from "./seeded-random.ts"

/** What a Retry-After header asks for; null when it says nothing that counts. */
export type Asked = { readonly seconds: number } | { readonly atMs: number } | null

/** The chance, from 0 to 1, that a receiver does each thing. */
export type ReceiverMood = {
  readonly fails: number
  readonly stalls: number
  /** Of the failures: with a Retry-After, fair or foul. */
  readonly asksToWait: number
  /** Of all answers: a status and then no end of the body; a failure although it took it; an endless or echoing body. */
  readonly lies: number
  /** Of the failures: 410, 401. */
  readonly gone: number
  readonly refuses: number
}

export const willing: ReceiverMood = { fails: 0, stalls: 0, asksToWait: 0, lies: 0, gone: 0, refuses: 0 }

export type Answer = { readonly reply: Reply; readonly asked: Asked }

/** Of those that a status tells, and of a deadline, a sender does not speak. */
const told: ReadonlySet<FailureCode> = new Set([
  "non_2xx",
  "unauthorized",
  "gone",
  "rate_limited",
  "redirect",
  "timeout",
])
const failures = failureCodes.filter((code) => !told.has(code))

/** @param nowMs the wall clock of the machine that asks, for dates. */
export function answerTo(
  mood: ReceiverMood,
  random: SeededRandom,
  timeoutMs: number,
  nowMs: number,
  request: { readonly body: string },
): Answer {
  const afterMs = random.chance(mood.stalls) ? random.below(1.3 * timeoutMs) : 1 + random.below(50)
  // The sender's own promise: an attempt ends with its deadline.
  if (afterMs >= timeoutMs) return { reply: { fails: "timeout", afterMs: timeoutMs }, asked: null }
  if (random.chance(mood.lies)) return { reply: lie(random, afterMs, request.body), asked: null }
  if (!random.chance(mood.fails)) return { reply: { status: random.chance(0.9) ? 200 : 201, afterMs }, asked: null }
  if (random.chance(mood.gone)) return { reply: { status: 410, afterMs }, asked: null }
  if (random.chance(mood.refuses)) return { reply: { status: random.chance(0.5) ? 401 : 403, afterMs }, asked: null }
  if (random.chance(mood.asksToWait)) return retryAfter(random, afterMs, nowMs)
  if (random.chance(0.5)) return { reply: { status: pick(random, [500, 502, 302, 404, 418]), afterMs }, asked: null }
  return { reply: { fails: pick(random, failures), afterMs }, asked: null }
}

function lie(random: SeededRandom, afterMs: number, body: string): Reply {
  switch (random.below(4)) {
    case 0:
      // It took the event, or is gone, and the answer never ended.
      return { status: random.chance(0.05) ? 410 : 200, afterMs, alsoFails: "connection_reset" }
    case 1:
      return { status: 200, afterMs, alsoFails: "response_too_large", body: "x".repeat(64) }
    case 2:
      return { status: 500, afterMs, body: "200 OK: stored" }
    default:
      return { status: 200, afterMs, body: body.slice(0, 50) }
  }
}

function retryAfter(random: SeededRandom, afterMs: number, nowMs: number): Answer {
  const status = pick(random, [503, 429])
  const saying = (value: string, asked: Asked): Answer => ({
    reply: { status, afterMs, headers: { "retry-after": value } },
    asked,
  })
  switch (random.below(7)) {
    case 0:
      return saying("30", { seconds: 30 })
    case 1:
      return saying("9999999999", { seconds: 9_999_999_999 })
    case 2:
      return saying("-5", null)
    case 3:
      return saying("100000000000000000000", { seconds: 1e20 })
    case 4:
      return saying("soon", null)
    case 5: {
      const atMs = Math.floor(nowMs / 1000) * 1000 + 1000 * random.below(200_000)
      return saying(new Date(atMs).toUTCString(), { atMs })
    }
    default: {
      const headers = { "retry-after": "600" }
      // Only 429 and 503 make the header count.
      return { reply: { status: 500, afterMs, headers }, asked: null }
    }
  }
}
