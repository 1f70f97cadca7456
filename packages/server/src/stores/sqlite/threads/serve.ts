import { parentPort } from "node:worker_threads"
import { keepCompiled } from "../../../threads/keep-compiled.ts"
import { describeFailure, type Failed } from "../failure.ts"

/** A verb takes one argument and answers at once: a worker does one thing at a time. */
export type Verbs = { readonly [verb: string]: (argument: never) => unknown }

export type Request = { readonly id: number; readonly verb: string; readonly argument: unknown }

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failed: Failed }

/** The id of the message that says whether the worker opened. */
export const opening = 0

/** The worker's side: opens, says so, then answers requests in the order they come. */
export function serve(open: () => Verbs): void {
  keepCompiled()
  const port = parentPort
  if (port === null) throw new Error("This file runs as a worker thread only.")
  const answer = (id: number, act: () => unknown) => {
    let message: Answer
    try {
      message = { id, ok: true, value: act() }
    } catch (error) {
      message = { id, ok: false, failed: describeFailure(error) }
    }
    port.postMessage(message)
  }
  let verbs: Verbs = {}
  answer(opening, () => {
    verbs = open()
  })
  port.on("message", ({ id, verb, argument }: Request) => {
    answer(id, () => {
      const act = verbs[verb]
      if (act === undefined) throw new Error(`The storage thread knows no "${verb}".`)
      // `Link` let the caller name only a verb of this very object, with its argument.
      return act(argument as never)
    })
    if (verb === "close") port.close()
  })
}
