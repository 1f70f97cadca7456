import type { DatabaseSync } from "node:sqlite"
import type { Past } from "../../../ports/store.ts"
import type { Books } from "../books.ts"
import { prepareDeletedWorkspaces } from "./forgetting/deleted-workspaces.ts"
import { preparePastEvents } from "./forgetting/past-events.ts"
import { preparePastMinutes } from "./forgetting/past-minutes.ts"
import { preparePastReplays } from "./forgetting/past-replays.ts"
import type { Step } from "./forgetting/step.ts"

export type Forget = Past & { readonly limit: number }

/**
 * Removes what retention no longer keeps; see `Store.forget`. A round goes through the parts one after the other, in
 * as many calls as it takes: none touches more than about `limit` rows, because deliveries wait for it meanwhile.
 */
export function prepareForget(db: DatabaseSync, books: Books): (forget: Forget) => boolean {
  const parts = [
    prepareDeletedWorkspaces(db, books),
    preparePastEvents(db, books),
    preparePastMinutes(db, books),
    preparePastReplays(db),
  ]
  let at = 0
  return ({ limit, ...past }) => {
    const step: Step = { ...past, left: limit }
    for (let part = parts[at]; part !== undefined; part = parts[at]) {
      if (step.left <= 0 || !part(step)) return true
      at += 1
    }
    at = 0
    return false
  }
}
