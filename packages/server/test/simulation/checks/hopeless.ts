import type { WebhookId } from "../../../src/domain/ids.ts"
import type { Webhook } from "../../../src/domain/webhook.ts"
import type { StoredWebhook } from "../../../src/ports/store.ts"
import type { Cluster } from "../cluster.ts"
import type { StoredAttempt } from "../disks/fact.ts"
import type { Life } from "../process/engine-process.ts"
import type { Verdicts } from "./verdicts.ts"

const patienceMs = 60_000
/** wire.md: five days of nothing but failures. */
const failingMs = 5 * 86_400_000

type Target = Pick<Webhook, "url" | "resumedAtMs">
type Owed = {
  readonly life: Life
  readonly target: Target
  readonly tenure: number
  readonly sinceMs: number
  readonly gone: boolean
}
/**
 * Of the failures since the last success. @property fromMs: when the first was begun. @property knownMs: when it was
 * settled; the engine counts from some moment between the two, and clocks are set. @property ordered: none was set back.
 * @property answeredMs: the last of them, by the world's clock.
 */
type Failing = {
  readonly fromMs: number
  readonly knownMs: number
  readonly lastMs: number
  readonly ordered: boolean
  readonly answeredMs: number
}

/** Holds the engine to which failures disable a webhook (wire.md), a second time and in the simplest way. */
export class Hopeless {
  readonly #verdicts: Verdicts
  readonly #cluster: Cluster | null
  readonly #nowMs: () => number
  /** A 410 is logged, or a failure after five days of them: by whom the webhook has to be disabled. */
  readonly #owed = new Map<WebhookId, Owed>()
  readonly #saidGone = new Map<WebhookId, Target[]>()
  /**
   * A success and a failure that are under way together may be logged in another order than that in which they were
   * answered. A process goes by what it was answered, the next one by what is logged.
   */
  readonly #asLogged = new Map<WebhookId, Failing>()
  readonly #asAnswered = new Map<WebhookId, Failing>()
  readonly #lastTakenMs = new Map<WebhookId, number>()

  constructor(verdicts: Verdicts, cluster: Cluster | null, nowMs: () => number) {
    this.#verdicts = verdicts
    this.#cluster = cluster
    this.#nowMs = nowMs
  }

  /**
   * @param webhook as the engine had it when the attempt began.
   * @param settledMs by the clock of its node.
   * @param answeredMs by the world's clock.
   */
  logged(
    life: Life,
    { id, url, resumedAtMs }: Webhook,
    { atMs, statusCode, errorCode }: StoredAttempt,
    settledMs: number,
    answeredMs: number,
  ): void {
    if (errorCode === null) {
      this.#asLogged.delete(id)
      const failing = this.#asAnswered.get(id)
      if (failing && failing.answeredMs <= answeredMs) this.#asAnswered.delete(id)
      else if (failing) this.#asAnswered.set(id, { ...failing, fromMs: failing.lastMs })
      this.#lastTakenMs.set(id, Math.max(answeredMs, this.#lastTakenMs.get(id) ?? 0))
      // It may have been answered before a failure that is logged before it.
      if (this.#owed.get(id)?.gone === false) this.#owed.delete(id)
      return
    }
    const fails = (since: Map<WebhookId, Failing>) => {
      const first = { fromMs: atMs, knownMs: settledMs, lastMs: atMs, ordered: true }
      const { fromMs, knownMs, lastMs, ordered } = since.get(id) ?? first
      since.set(id, {
        fromMs: Math.min(atMs, fromMs),
        knownMs,
        lastMs: atMs,
        ordered: ordered && atMs >= lastMs,
        answeredMs,
      })
      return ordered && atMs - Math.max(knownMs, resumedAtMs) >= failingMs
    }
    const isLast = answeredMs >= (this.#lastTakenMs.get(id) ?? 0)
    const failed = [fails(this.#asLogged), isLast && fails(this.#asAnswered)].every(Boolean)
    const target = { url, resumedAtMs }
    const gone = statusCode === 410 && errorCode === "gone"
    if (gone) this.#saidGone.set(id, [...(this.#saidGone.get(id) ?? []), target])
    const owed = this.#owed.get(id)
    if (gone || (failed && life.member === null && !(owed?.gone && isSame(owed.target, target))))
      this.#owed.set(id, { life, target, tenure: this.#tenure(id), sinceMs: this.#nowMs(), gone })
  }

  /** A webhook is about to be stored anew. */
  configured(before: StoredWebhook, put: StoredWebhook): void {
    if (before.disabled !== null || put.disabled === null) return
    const { reason, atMs } = put.disabled
    if (reason === "gone")
      return this.#verdicts.hold(
        this.#saidGone.get(put.id)?.some((target) => isSame(target, put)) === true,
        "a webhook is disabled as gone because its receiver said so",
        () => `${put.id} got no 410 since ${put.resumedAtMs}`,
      )
    const since = [this.#asLogged, this.#asAnswered].map((each) => each.get(put.id)?.fromMs ?? Number.POSITIVE_INFINITY)
    const fromMs = Math.min(...since)
    this.#verdicts.hold(
      atMs - Math.max(fromMs, put.resumedAtMs) >= failingMs,
      "a webhook is disabled as failing after five days of failures",
      () => `${put.id} at ${atMs}, failing from ${fromMs}, resumed at ${put.resumedAtMs}`,
    )
  }

  /** @param calmMs since when nothing has been wrong with storage, processes and clocks. */
  look(nowMs: number, calmMs: number, recordOf: (id: WebhookId) => StoredWebhook | undefined): void {
    for (const [id, { life, target, tenure, sinceMs }] of this.#owed) {
      const record = recordOf(id)
      const stands = record?.active && record.disabled === null && record.deletedMs === null && isSame(target, record)
      if (!stands || life.lifeline.dead || !life.up || tenure !== this.#tenure(id)) this.#owed.delete(id)
      else
        this.#verdicts.hold(
          nowMs - Math.max(sinceMs, calmMs) < patienceMs,
          "a webhook without hope is disabled",
          () => `${id} is not, ${nowMs - sinceMs} ms after a 410, or five days of failures`,
        )
    }
  }

  #tenure(id: WebhookId): number {
    return this.#cluster?.tenure(id) ?? 0
  }
}

function isSame(a: Target, b: Target): boolean {
  return a.url === b.url && a.resumedAtMs === b.resumedAtMs
}
