import type { WebhookId } from "../../domain/ids.ts"
import type { Webhook } from "../../domain/webhook.ts"
import type { ProfileName } from "../../domain/workspace.ts"
import type { PostTarget } from "../../ports/poster.ts"
import type { NumberedTarget, Posts } from "./messages.ts"

/** A webhook's settings are some hundred bytes; certificates are some kilobytes more. */
const weightMax = 20_000
const weightOfTls = 20

/** Which webhooks the thread has been told of, and by which number. */
export class KnownTargets {
  readonly #known = new Map<WebhookId, NumberedTarget>()
  readonly #weightMax: number
  #weight = 0
  #lastNumber = 0
  /** By number, so that only the last of several changes is told. */
  #untold = new Map<number, NumberedTarget>()
  #forgotten: number[] = []

  constructor(max = weightMax) {
    this.#weightMax = max
  }

  numberOf(webhook: PostTarget, profile: ProfileName): number {
    const known = this.#known.get(webhook.id)
    if (known !== undefined && known.webhook === webhook && known.profile === profile) return known.number
    if (known === undefined && this.#weight >= this.#weightMax) this.#forgetAll()
    return this.#know({ number: known?.number ?? ++this.#lastNumber, webhook, profile })
  }

  /**
   * A webhook was changed or deleted. What waits to be posted goes by what it is now, and what it was, old secrets
   * among it, is let go of.
   *
   * @returns whether the thread has to be told.
   */
  changed(webhook: PostTarget & Pick<Webhook, "deletedMs">): boolean {
    const known = this.#known.get(webhook.id)
    if (known === undefined) return false
    if (webhook.deletedMs === null) this.#know({ ...known, webhook })
    else {
      // One that is not told yet stays so: a post that names it may be on its way in the same message.
      this.#known.delete(webhook.id)
      this.#forgotten.push(known.number)
      this.#weight -= weightOf(known)
    }
    return true
  }

  /** What the thread has not heard yet. */
  told(): Pick<Posts, "targets" | "forgotten"> {
    const told = { targets: [...this.#untold.values()].map(crossing), forgotten: this.#forgotten }
    this.#untold = new Map()
    this.#forgotten = []
    return told
  }

  #know(target: NumberedTarget): number {
    const before = this.#known.get(target.webhook.id)
    this.#weight += weightOf(target) - (before === undefined ? 0 : weightOf(before))
    this.#known.set(target.webhook.id, target)
    this.#untold.set(target.number, target)
    return target.number
  }

  /** They are told anew, each once. */
  #forgetAll(): void {
    for (const { number } of this.#known.values()) this.#forgotten.push(number)
    this.#known.clear()
    this.#weight = 0
  }
}

function weightOf({ webhook }: NumberedTarget): number {
  return webhook.tls === null ? 1 : weightOfTls
}

/** What posting needs, and nothing else of the webhook. */
function crossing({ number, webhook, profile }: NumberedTarget): NumberedTarget {
  const { id, url, secrets, headers, authorization, tls, timeoutSeconds } = webhook
  return { number, profile, webhook: { id, url, secrets, headers, authorization, tls, timeoutSeconds } }
}
