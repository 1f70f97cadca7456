import type { MessagePort } from "node:worker_threads"
import { originOf } from "../../domain/webhook.ts"
import type { Poster } from "../../ports/poster.ts"
import type { Tape } from "../../threads/tape.ts"
import { type NumberedPost, readPosts, writeResult } from "./crossing.ts"
import type { FromThread, NumberedTarget, ToThread } from "./messages.ts"
import { PlacesPerOrigin } from "./places-per-origin.ts"

/** Posts that wait go by what it says when they are begun. */
type Target = { now: NumberedTarget; origin: string }

/**
 * The thread's side: posts what the other asks for.
 * @param perOriginMax posts under way to one origin; further ones wait for those.
 */
export function serveThread(port: MessagePort, poster: Poster, perOriginMax: number): void {
  const targets = new Map<number, Target>()
  const places = new PlacesPerOrigin(perOriginMax)
  let results: Tape = []

  function tell(message: FromThread): void {
    port.postMessage(message)
  }

  /** What ends in the same turn of the event loop goes together. */
  function tellResults(): void {
    if (results.length === 0) return
    const told = results
    results = []
    tell({ kind: "posted", results: told })
  }

  /** Whatever goes wrong is a fault of this post: an error that nobody catches would end the thread, and the process. */
  async function post({ now: { webhook, profile } }: Target, { id, post }: NumberedPost): Promise<void> {
    try {
      const posted = await poster.post(webhook, profile, post)
      if (results.length === 0) setImmediate(tellResults)
      writeResult(results, { id, posted })
    } catch (fault) {
      tell({ kind: "fault", id, why: told(fault) })
    }
  }

  function know(now: NumberedTarget): void {
    const origin = originOf(now.webhook.url)
    const known = targets.get(now.number)
    if (known === undefined) targets.set(now.number, { now, origin })
    else Object.assign(known, { now, origin })
  }

  function take(numbered: NumberedPost): void {
    const target = targets.get(numbered.target)
    if (target === undefined) throw new Error(`The posting thread was not told of its target ${numbered.target}.`)
    // A person waits for a test, and it is only one.
    if (numbered.post.test) void post(target, numbered)
    else places.enter(target.origin, () => post(target, numbered))
  }

  async function judge(id: number, url: string): Promise<void> {
    try {
      tell({ kind: "refusal", id, refusal: await poster.refusal(url) })
    } catch (fault) {
      tell({ kind: "fault", id, why: told(fault) })
    }
  }

  port.on("message", async (message: ToThread) => {
    switch (message.kind) {
      case "post":
        for (const target of message.targets) know(target)
        readPosts(message.posts, take)
        for (const number of message.forgotten) targets.delete(number)
        break
      case "refusal":
        await judge(message.id, message.url)
        break
      case "areYouThere":
        tell({ kind: "iAmHere" })
        break
      case "close":
        await places.close()
        await poster.close()
        tellResults()
        tell({ kind: "closed" })
        break
    }
  })
}

function told(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
}
