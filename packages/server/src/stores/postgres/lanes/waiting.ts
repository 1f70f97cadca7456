import type { WaitingDelivery } from "../../../domain/delivery.ts"
import { asId, type DeliveryId, type EventId, type WebhookId } from "../../../domain/ids.ts"
import type { WaitingQuery } from "../../../ports/store.ts"
import { number, text, textOrNull } from "../columns.ts"
import { columns } from "../literals.ts"
import type { Row, Runner, Value } from "../session.ts"
import { code } from "../states.ts"
import { isVisible } from "../visible-workspace.ts"

/** Reads that are asked for in the same turn of the event loop share a statement: so many, half of what a node has under way. */
const sharedMax = 8
/** A read that takes longer goes alone the next time: others are not to wait for it. */
const slowMs = 500

const wanted = `d.workspace_id, d.id, d.event_id, d.event_minted_ms, d.event_type, d.sequence, d.lane_key,
  d.attempts::bigint AS attempts, d.attempts_before::bigint AS attempts_before, d.due_ms, d.window_from_ms`
/** `asked` is one of the reads that share the statement. */
const lane = "d.workspace_id = asked.workspace_id AND d.webhook_id = asked.webhook_id"
const keyed = `${lane} AND d.state IN (${code.fresh}, ${code.again})`

/**
 * The first by sequence of two short walks, each along an index that holds nothing but what waits. One walk over both
 * states would pass all that is being retried to find what is fresh.
 */
function inOrder(): string {
  const walk = (state: number) =>
    `(SELECT ${wanted} FROM deliveries d WHERE ${lane} AND d.state = ${state} ORDER BY d.sequence LIMIT asked.most)`
  return `SELECT * FROM (${walk(code.fresh)} UNION ALL ${walk(code.again)}) AS merged ORDER BY sequence LIMIT asked.most`
}

const picks = {
  head: inOrder(),
  key: `SELECT ${wanted} FROM deliveries d WHERE ${keyed} AND d.lane_key = asked.bound
    ORDER BY d.sequence LIMIT asked.most`,
  // Jumps from key to key: a lane with a million waiting costs one step, as a lane with one does.
  keyHeads: `SELECT head.* FROM (
      WITH RECURSIVE keys (lane_key, n) AS (
        (SELECT d.lane_key, 1 FROM deliveries d WHERE ${keyed} AND (asked.bound IS NULL OR d.lane_key > asked.bound)
         ORDER BY d.lane_key LIMIT 1)
        UNION ALL
        SELECT next.lane_key, keys.n + 1 FROM keys CROSS JOIN LATERAL (
          SELECT d.lane_key FROM deliveries d WHERE ${keyed} AND d.lane_key > keys.lane_key
            ORDER BY d.lane_key LIMIT 1) next
        WHERE keys.n < asked.most
      ) SELECT lane_key FROM keys) AS found
    CROSS JOIN LATERAL (SELECT ${wanted} FROM deliveries d WHERE ${keyed} AND d.lane_key = found.lane_key
      ORDER BY d.sequence LIMIT 1) head`,
  fresh: `SELECT ${wanted} FROM deliveries d WHERE ${lane} AND d.state = ${code.fresh} AND d.sequence > asked.bound
    ORDER BY d.sequence LIMIT asked.most`,
  retries: `SELECT ${wanted} FROM deliveries d WHERE ${lane} AND d.state = ${code.again} AND d.due_ms <= asked.bound
    ORDER BY d.due_ms, d.sequence LIMIT asked.most`,
} as const

/** What bounds a read, beside its limit. */
function boundOf(query: WaitingQuery): Value {
  switch (query.read) {
    case "head":
      return null
    case "key":
      return query.laneKey
    case "keyHeads":
      return query.afterKey
    case "fresh":
      return query.afterSequence
    case "retries":
      return query.byMs
  }
}

/**
 * The event's workspace is that of what was picked, not the parameter again: with the parameter a plan made while a day's
 * partition was empty found events by the workspace alone, which then is as cheap as by the whole key, and by the time
 * the partition held 300,000 took over 20 s in place of 2 ms.
 *
 * @param order in which the deliveries are to come back.
 */
function statement(pick: string, boundType: "text" | "bigint", order: string): string {
  return `SELECT asked.at, p.*, e.body, e.trace
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::${boundType}[]) WITH ORDINALITY
      AS asked (workspace_id, webhook_id, most, bound, at)
    CROSS JOIN LATERAL (${pick}) AS p
    JOIN events e ON e.workspace_id = p.workspace_id AND e.id = p.event_id AND e.minted_ms = p.event_minted_ms
    WHERE ${isVisible("asked.workspace_id")}
    ORDER BY asked.at, ${order}`
}

const statements: Readonly<Record<WaitingQuery["read"], string>> = {
  head: statement(picks.head, "text", "p.sequence"),
  key: statement(picks.key, "text", "p.sequence"),
  keyHeads: statement(picks.keyHeads, "text", "p.lane_key"),
  fresh: statement(picks.fresh, "bigint", "p.sequence"),
  retries: statement(picks.retries, "bigint", "p.due_ms, p.sequence"),
}

type Asked = {
  readonly query: WaitingQuery
  readonly resolve: (found: readonly WaitingDelivery[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Waiting deliveries of webhooks, with their bodies; see `Store.waiting`. A node that hears of new deliveries hears of
 * many webhooks at once, and to ask for each alone costs it and the database several times as much (bench/LOG.md).
 */
export class WaitingReads {
  readonly #run: Runner["run"]
  readonly #gathered = new Map<WaitingQuery["read"], Asked[]>()
  /** Whose reads failed or were slow, until one was neither. */
  readonly #alone = new Set<WebhookId>()

  constructor(run: Runner["run"]) {
    this.#run = run
  }

  read(query: WaitingQuery): Promise<readonly WaitingDelivery[]> {
    return new Promise((resolve, reject) => {
      const asked = { query, resolve, reject }
      if (this.#alone.has(query.webhookId)) void this.#askAlone(asked)
      else this.#gather(asked)
    })
  }

  #gather(asked: Asked): void {
    const { read } = asked.query
    const gathered = this.#gathered.get(read)
    if (gathered !== undefined && gathered.length < sharedMax) {
      gathered.push(asked)
      return
    }
    const first = [asked]
    this.#gathered.set(read, first)
    setImmediate(() => {
      if (this.#gathered.get(read) === first) this.#gathered.delete(read)
      void this.#askTogether(read, first)
    })
  }

  async #askTogether(read: WaitingQuery["read"], asked: readonly Asked[]): Promise<void> {
    const startedMs = performance.now()
    try {
      const found = await this.#find(
        read,
        asked.map(({ query }) => query),
      )
      for (const [at, { resolve }] of asked.entries()) resolve(found[at] ?? [])
      if (performance.now() - startedMs > slowMs) for (const { query } of asked) this.#alone.add(query.webhookId)
    } catch {
      // One of them may be the reason, and is to fail alone.
      for (const each of asked) void this.#askAlone(each)
    }
  }

  async #askAlone({ query, resolve, reject }: Asked): Promise<void> {
    const startedMs = performance.now()
    this.#alone.add(query.webhookId)
    try {
      const [found = []] = await this.#find(query.read, [query])
      if (performance.now() - startedMs <= slowMs) this.#alone.delete(query.webhookId)
      resolve(found)
    } catch (error) {
      reject(error)
    }
  }

  async #find(
    read: WaitingQuery["read"],
    queries: readonly WaitingQuery[],
  ): Promise<readonly (readonly WaitingDelivery[])[]> {
    const rows = await this.#run(
      statements[read],
      columns(
        queries,
        ({ workspaceId }) => workspaceId,
        ({ webhookId }) => webhookId,
        ({ limit }) => limit,
        boundOf,
      ),
    )
    const found = queries.map((): WaitingDelivery[] => [])
    for (const row of rows) {
      const at = number(row, "at") - 1
      const query = queries[at]
      if (query !== undefined) found[at]?.push(delivery(query, row))
    }
    return found
  }
}

function delivery({ workspaceId, webhookId }: WaitingQuery, row: Row): WaitingDelivery {
  return {
    id: asId<DeliveryId>(text(row, "id")),
    workspaceId,
    webhookId,
    eventId: asId<EventId>(text(row, "event_id")),
    eventType: text(row, "event_type"),
    sequence: number(row, "sequence"),
    laneKey: text(row, "lane_key"),
    attempts: number(row, "attempts"),
    attemptsBefore: number(row, "attempts_before"),
    dueMs: number(row, "due_ms"),
    windowFromMs: number(row, "window_from_ms"),
    body: text(row, "body"),
    trace: textOrNull(row, "trace"),
  }
}
