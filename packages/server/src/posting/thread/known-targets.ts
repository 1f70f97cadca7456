import type { WebhookId } from "../../domain/ids.ts"
import type { ProfileName } from "../../domain/workspace.ts"
import type { PostTarget } from "../../ports/poster.ts"
import type { NumberedTarget, Posts } from "./messages.ts"

/** A webhook's settings are some hundred bytes, or some kilobytes where it has certificates. */
const knownMax = 20_000

/** Which webhooks the thread has been told of, and by which number. A changed webhook is another object: told anew. */
export class KnownTargets {
  readonly #known = new Map<WebhookId, NumberedTarget>()
  readonly #max: number
  #lastNumber = 0
  #untold: NumberedTarget[] = []
  #forgotten: number[] = []

  constructor(max = knownMax) {
    this.#max = max
  }

  numberOf(webhook: PostTarget, profile: ProfileName): number {
    const known = this.#known.get(webhook.id)
    if (known !== undefined && known.webhook === webhook && known.profile === profile) return known.number
    if (known !== undefined) this.#forgotten.push(known.number)
    // Beyond that they are told anew, each once.
    else if (this.#known.size >= this.#max) this.#forgetAll()
    const number = ++this.#lastNumber
    const target = { number, webhook, profile }
    this.#known.set(webhook.id, target)
    this.#untold.push(target)
    return number
  }

  /** What goes with the posts that were given numbers since the last call. */
  told(): Pick<Posts, "targets" | "forgotten"> {
    const told = { targets: this.#untold.map(crossing), forgotten: this.#forgotten }
    this.#untold = []
    this.#forgotten = []
    return told
  }

  #forgetAll(): void {
    for (const { number } of this.#known.values()) this.#forgotten.push(number)
    this.#known.clear()
  }
}

/** What posting needs, and nothing else of the webhook. */
function crossing({ number, webhook, profile }: NumberedTarget): NumberedTarget {
  const { id, url, secrets, headers, authorization, tls, timeoutSeconds } = webhook
  return { number, profile, webhook: { id, url, secrets, headers, authorization, tls, timeoutSeconds } }
}
