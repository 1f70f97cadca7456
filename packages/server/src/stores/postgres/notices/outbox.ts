import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import type { FoundWork } from "../../../ports/ownership.ts"
import { joined, separated } from "../literals.ts"
import type { Owner } from "../ownership/owners.ts"
import type { Runner } from "../session.ts"
import { channel, nodeChannel } from "./channel.ts"
import type { Envelopes } from "./envelopes.ts"
import { payloads } from "./payloads.ts"

/** Something to do for a webhook, as its line. @property lastSequence of what is new; null: nobody said. */
export type Work = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly what: FoundWork["what"]
  readonly lastSequence: number | null
}

/** Passed lines beyond that are left out: who is told of them reads them. */
const passedMax = 1_000

/** Ids, numbers and what is sealed do not hold the separator. */
const notifyMany = `SELECT pg_notify(u.channel, u.payload)
FROM unnest(${separated(1)}, ${separated(2)}) AS u (channel, payload)`

/**
 * What this node tells the others of what it has stored: one statement at a time, for all that has come meanwhile. Sent
 * after the commit and not within: a transaction that notifies holds a lock of the whole database until its commit is on
 * disk, so commits would queue up behind each other.
 */
export class Outbox {
  readonly #run: Runner["run"]
  readonly #envelopes: Envelopes | null
  #work = new Map<string, Work>()
  /** By the node that they are for, and its tenure. */
  #passed = new Map<string, { readonly to: Owner; readonly lines: string[] }>()
  #passedCount = 0
  #sending = false

  /** @param envelopes without them nothing is passed: it is read. */
  constructor(run: Runner["run"], envelopes: Envelopes | null) {
    this.#run = run
    this.#envelopes = envelopes
  }

  /** To all, behind what was passed before. */
  tell(work: Work): void {
    const name = `${work.webhookId} ${work.what}`
    const before = this.#work.get(name)
    const lastSequence = before === undefined ? work.lastSequence : higher(before.lastSequence, work.lastSequence)
    this.#work.set(name, { ...work, lastSequence })
    this.#start()
  }

  /** To one alone. @param line of JSON */
  pass(to: Owner, line: string): void {
    if (this.#envelopes === null || this.#passedCount >= passedMax) return
    this.#passedCount += 1
    const name = `${to.nodeId} ${to.tenure}`
    const theirs = this.#passed.get(name)
    if (theirs === undefined) this.#passed.set(name, { to, lines: [line] })
    else theirs.lines.push(line)
    this.#start()
  }

  #start(): void {
    if (this.#sending) return
    this.#sending = true
    setImmediate(() => void this.#send())
  }

  async #send(): Promise<void> {
    while (this.#work.size > 0 || this.#passed.size > 0) {
      const notices = this.#notices()
      // A database that is away is found by those that have to answer for it.
      await this.#run(notifyMany, [
        joined(notices.map((notice) => notice.channel)),
        joined(notices.map(({ payload }) => payload)),
      ]).catch(() => undefined)
    }
    this.#sending = false
  }

  #notices(): readonly { readonly channel: string; readonly payload: string }[] {
    const passed = [...this.#passed.values()].flatMap(({ to, lines }) =>
      (this.#envelopes?.sealed(to, lines) ?? []).map((payload) => ({ channel: nodeChannel(to.nodeId), payload })),
    )
    const told = payloads("", [...this.#work.values()].map(workLine)).map((payload) => ({ channel, payload }))
    this.#passed = new Map()
    this.#passedCount = 0
    this.#work = new Map()
    return [...passed, ...told]
  }
}

function workLine({ workspaceId, webhookId, what, lastSequence }: Work): string {
  const names = `${workspaceId} ${webhookId} ${what}`
  return lastSequence === null ? names : `${names} ${lastSequence}`
}

const wholeNumber = /^\d+$/

/** @returns null for what is no such line */
export function readWorkLine(line: string): FoundWork | null {
  const [workspaceId, webhookId, what, last] = line.split(" ")
  if (workspaceId === undefined || webhookId === undefined) return null
  const names = { workspaceId: asId<WorkspaceId>(workspaceId), webhookId: asId<WebhookId>(webhookId) }
  if (what === "again") return { ...names, what }
  return { ...names, what: "new", lastSequence: last !== undefined && wholeNumber.test(last) ? Number(last) : null }
}

/** Null where one of them is not known: that much may have come. */
function higher(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b)
}
