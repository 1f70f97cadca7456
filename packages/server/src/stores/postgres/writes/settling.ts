import type { DeliveryId, WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { type Settlement, StoreUnavailable } from "../../../ports/store.ts"
import { GroupCommit, type Outcome } from "../../group-commit.ts"
import { described, isMissingPartition } from "../failure.ts"
import type { ShardKeeper } from "../ownership/shard-keeper.ts"
import { dayOf, type Partitions } from "../partitions.ts"
import type { SessionPool } from "../session.ts"
import { settlementBytes } from "../sizes.ts"
import { daysOf } from "./accept.ts"
import { cancelWaiting } from "./cancel-waiting.ts"
import { OwnedLatencies } from "./owned-latencies.ts"
import { reopen } from "./reopen.ts"
import { broughtBy, settleBatch } from "./settle.ts"

const batchMax = { operationsMax: 500, bytesMax: 4 * 1024 * 1024 }
const rareBytes = 500

type Reopen = {
  readonly verb: "reopen"
  readonly workspaceId: WorkspaceId
  readonly id: DeliveryId
  readonly nowMs: number
}
type Cancel = {
  readonly verb: "cancel"
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly atMs: number
  readonly limit: number
}
type Settle = { readonly verb: "settle"; readonly settlement: Settlement }
type Operation = Settle | Reopen | Cancel
type Holder = NonNullable<ReturnType<ShardKeeper["holder"]>>

/**
 * Everything that moves stored deliveries, in the order of the calls: settlements in batches on the session that holds
 * their shards, what people ask for one by one on any.
 */
export class Settling {
  readonly #keeper: Pick<ShardKeeper, "holder" | "knowsItsShards" | "tenure">
  readonly #sessions: SessionPool
  readonly #partitions: Partitions
  readonly #group: GroupCommit<Operation, unknown>
  readonly #latencies = new OwnedLatencies()

  constructor(
    keeper: Pick<ShardKeeper, "holder" | "knowsItsShards" | "tenure">,
    sessions: SessionPool,
    partitions: Partitions,
    queue: { readonly operationsMax: number; readonly bytesMax: number },
    onCommit: (operations: number, durationMs: number) => void,
  ) {
    this.#keeper = keeper
    this.#sessions = sessions
    this.#partitions = partitions
    this.#group = new GroupCommit({ commit: (batch) => this.#commit(batch), queue, batch: batchMax, onCommit })
  }

  async settle(settlement: Settlement): Promise<boolean> {
    return (await this.#group.submit({ verb: "settle", settlement }, settlementBytes(settlement), "always")) === true
  }

  async reopen(workspaceId: WorkspaceId, id: DeliveryId, nowMs: number): Promise<WebhookId | null> {
    // What an operation resolves to is what its verb returned.
    return (await this.#group.submit(
      { verb: "reopen", workspaceId, id, nowMs },
      rareBytes,
      "always",
    )) as WebhookId | null
  }

  async cancelWaiting(workspaceId: WorkspaceId, webhookId: WebhookId, atMs: number, limit: number): Promise<number> {
    return Number(
      await this.#group.submit({ verb: "cancel", workspaceId, webhookId, atMs, limit }, rareBytes, "always"),
    )
  }

  close(): Promise<void> {
    return this.#group.close()
  }

  async #commit(batch: readonly Operation[]): Promise<readonly Outcome<unknown>[]> {
    const outcomes: Outcome<unknown>[] = []
    for (const run of runs(batch))
      outcomes.push(...(Array.isArray(run) ? await this.#settleAll(run) : [await this.#rare(run)]))
    return outcomes
  }

  async #settleAll(run: readonly Settle[]): Promise<readonly Outcome<boolean>[]> {
    const settlements = run.map(({ settlement }) => settlement)
    const holder = settlements.map(({ webhookId }) => this.#keeper.holder(webhookId)).find((found) => found !== null)
    const ours = ({ webhookId }: Settlement) => this.#keeper.holder(webhookId)?.session === holder?.session
    if (holder === undefined) return settlements.map(() => this.#notOurs())
    const asked = new Set(settlements.filter(ours))
    try {
      const settled = new Set(await this.#settleOn(holder, settlements, ours))
      return settlements.map((settlement) => ({ ok: true, value: settled.has(settlement) }))
    } catch (error) {
      const failure = described(error)
      return settlements.map((settlement) =>
        asked.has(settlement) ? { ok: false, error: failure } : { ok: true, value: false },
      )
    }
  }

  /**
   * While the database is away nobody knows whose they are: another's, or this node's again. An outcome that was given up
   * then would be sent again for certain.
   */
  #notOurs(): Outcome<boolean> {
    if (this.#keeper.knowsItsShards) return { ok: true, value: false }
    return { ok: false, error: new StoreUnavailable("This node is not connected to the database that it settles in.") }
  }

  /** A delivery's day is there with its row; that of an attempt is the day it is made, or one that retention dropped. */
  async #settleOn(
    { session, token }: Holder,
    all: readonly Settlement[],
    ours: (settlement: Settlement) => boolean,
  ): Promise<readonly Settlement[]> {
    const days = [
      ...all.flatMap(({ attempt }) => (attempt === null ? [] : [dayOf(attempt.atMs)])),
      ...daysOf(broughtBy(all)),
    ]
    const batchNow = () => {
      this.#latencies.during(this.#keeper.tenure)
      return all.filter(ours)
    }
    const settle = () => settleBatch(session, token, this.#latencies, batchNow)
    await this.#partitions.ensure(days)
    try {
      return await settle()
    } catch (error) {
      if (!isMissingPartition(error)) throw error
      this.#partitions.forget()
      await this.#partitions.ensure(days)
      return settle()
    }
  }

  async #rare(operation: Reopen | Cancel): Promise<Outcome<unknown>> {
    try {
      return { ok: true, value: await this.#sessions.transaction((run) => perform(run, operation)) }
    } catch (error) {
      return { ok: false, error: described(error) }
    }
  }
}

function perform(run: Parameters<typeof reopen>[0], operation: Reopen | Cancel): Promise<unknown> {
  if (operation.verb === "reopen") return reopen(run, operation.workspaceId, operation.id, operation.nowMs)
  const { workspaceId, webhookId, atMs, limit } = operation
  return cancelWaiting(run, workspaceId, webhookId, atMs, limit)
}

/** Settlements that follow each other, each delivery once, go together; what lies between them keeps its place. */
function runs(batch: readonly Operation[]): readonly (Settle[] | Reopen | Cancel)[] {
  const found: (Settle[] | Reopen | Cancel)[] = []
  let run: Settle[] = []
  let here = new Set<string>()
  for (const operation of batch) {
    if (operation.verb === "settle" && !here.has(operation.settlement.deliveryId)) {
      if (run.length === 0) found.push(run)
      run.push(operation)
      here.add(operation.settlement.deliveryId)
      continue
    }
    run = []
    here = new Set()
    if (operation.verb === "settle") {
      run.push(operation)
      here.add(operation.settlement.deliveryId)
      found.push(run)
    } else found.push(operation)
  }
  return found
}
