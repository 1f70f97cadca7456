import { isDeepStrictEqual } from "node:util"
import type { WebhookId } from "../../../src/domain/ids.ts"
import type { Webhook } from "../../../src/domain/webhook.ts"
import type { StoredWebhook } from "../../../src/ports/store.ts"
import type { Verdicts } from "./verdicts.ts"

/** By then whoever lives has heard of a change, once nothing has been wrong for so long. */
const heardWithinMs = 30_000

type Version = { readonly put: StoredWebhook; readonly atMs: number }

/**
 * Holds what the engine believes of a webhook when it sends to what is stored of it: at any time something that was stored,
 * and in quiet times what is stored now. All other checks of a request then may go by what the engine believes.
 */
export class StoredSettings {
  readonly #verdicts: Verdicts
  readonly #nowMs: () => number
  readonly #calmSinceMs: () => number
  /** All that were ever stored, the oldest first. */
  readonly #versions = new Map<WebhookId, Version[]>()
  /** Of what engines hold, which version it is: found once for each. */
  readonly #found = new WeakMap<Webhook, StoredWebhook>()

  /** @param calmSinceMs since when nothing has been wrong; Infinity: something is. */
  constructor(verdicts: Verdicts, nowMs: () => number, calmSinceMs: () => number) {
    this.#verdicts = verdicts
    this.#nowMs = nowMs
    this.#calmSinceMs = calmSinceMs
  }

  configured(put: StoredWebhook): void {
    const version = { put, atMs: this.#nowMs() }
    const known = this.#versions.get(put.id)
    if (known) known.push(version)
    else this.#versions.set(put.id, [version])
  }

  /** @param webhook as the engine has it. */
  hold(webhook: Webhook): void {
    const nowMs = this.#nowMs()
    const versions = this.#versions.get(webhook.id) ?? []
    const calm = nowMs - this.#calmSinceMs() >= heardWithinMs
    const heard = calm ? versions.findLastIndex(({ atMs }) => atMs <= nowMs - heardWithinMs) : 0
    const found = this.#found.get(webhook) ?? versions.findLast(({ put }) => isOf(put, webhook))?.put
    if (found) this.#found.set(webhook, found)
    this.#verdicts.hold(
      found !== undefined && versions.findLastIndex(({ put }) => put === found) >= heard,
      "an attempt goes by what is stored of its webhook",
      () => `${webhook.id} is sent to by ${found ? "an old" : "no"} version (${webhook.version}) of its settings`,
    )
  }
}

/** What is sealed is opened here without the engine's doing: the simulation's key ring only puts a name before it. */
function isOf({ sealed, ...open }: StoredWebhook, webhook: Webhook): boolean {
  if (open.version !== webhook.version || sealed === null) return false
  const secret: unknown = JSON.parse(sealed.slice(sealed.indexOf(":") + 1))
  return isDeepStrictEqual({ ...open, ...(secret as object) }, webhook)
}
