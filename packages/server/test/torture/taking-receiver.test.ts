import { request } from "node:http"
import { expect, it } from "vitest"
import { kept } from "../kept.ts"
import type { Reply } from "../receiver.ts"
import { openTakingReceiver } from "./taking-receiver.ts"

/** Sends one request. @returns the answer's status; null when the connection ended without one */
function send(origin: string, waitMs = 5_000): Promise<number | null> {
  return new Promise((resolve) => {
    const sent = request(origin, { method: "POST" }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? null))
    })
    sent.on("error", () => resolve(null))
    setTimeout(() => sent.destroy(), waitMs).unref()
    sent.end("{}")
  })
}

it.each<{ readonly reply: Reply; readonly taken: boolean }>([
  { reply: 200, taken: true },
  { reply: 204, taken: true },
  { reply: { status: 200, afterMs: 50 }, taken: true },
  { reply: { status: 503, afterMs: 50 }, taken: false },
  { reply: 503, taken: false },
  { reply: 429, taken: false },
  { reply: 302, taken: false },
  { reply: "reset", taken: false },
  { reply: "close", taken: false },
])("a receiver that answers $reply took it: $taken", async ({ reply, taken }) => {
  const open = await openTakingReceiver({ reply })
  const { receiver } = kept({ ...open, close: open.receiver.close })
  await send(receiver.origin)
  expect(receiver.received.map((each) => open.taken.has(each))).toEqual([taken])
})

it("took nothing of a sender that was gone before the answer", async () => {
  const open = await openTakingReceiver({ reply: { status: 200, afterMs: 200 } })
  const { receiver } = kept({ ...open, close: open.receiver.close })
  expect(await send(receiver.origin, 50)).toBe(null)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(receiver.received.map((each) => open.taken.has(each))).toEqual([false])
})
