import { asId } from "../../src/domain/ids.ts"
import type { Webhook } from "../../src/domain/webhook.ts"
import type { ProfileName } from "../../src/domain/workspace.ts"
import type { Post, Poster } from "../../src/ports/poster.ts"
import { openThreadedPoster } from "../../src/posting/thread/threaded-poster.ts"
import type { PostingThreadOptions } from "../../src/posting-thread.ts"
import { kept } from "../kept.ts"
import { plainWebhook } from "../plain-webhook.ts"

/** As the server opens it, for receivers of this machine. */
export function threadedPoster(
  options: Partial<PostingThreadOptions> = {},
  onBroken = (reason: string): void => {
    throw new Error(reason)
  },
): Poster {
  const workerData: PostingThreadOptions = {
    allowedTargets: "127.0.0.0/8",
    deniedTargets: "127.9.0.0/16",
    egressProxy: null,
    ...options,
  }
  const thread = new URL("../../src/posting-thread.ts", import.meta.url)
  return kept(openThreadedPoster({ thread, workerData, onBroken }))
}

let webhooks = 0

/** What `Poster.post` takes, for another webhook each time. */
export function postTo(
  url: string,
  webhook: Partial<Webhook> = {},
  post: Partial<Post> = {},
): readonly [Webhook, ProfileName, Post] {
  webhooks += 1
  return [
    plainWebhook(0, { id: asId(`whk_${webhooks}`), workspaceId: asId("wsp_1"), url, ...webhook }),
    "policycortex",
    {
      eventId: asId("evt_1"),
      eventType: "policy.violation.created",
      deliveryId: asId("dlv_1"),
      attempt: 1,
      sequence: 1,
      body: "{}",
      trace: null,
      test: false,
      ...post,
    },
  ]
}
