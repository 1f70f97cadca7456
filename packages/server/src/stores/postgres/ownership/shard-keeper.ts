import { randomBytes } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import type { WebhookId } from "../../../domain/ids.ts"
import type { Ownership } from "../../../ports/ownership.ts"
import { number, text } from "../columns.ts"
import { isLockTimeout } from "../failure.ts"
import { arrayOf } from "../literals.ts"
import { lockClass } from "../migrate.ts"
import { plannedAnewByKey, prompt, Session } from "../session.ts"
import { shardCount, shardOf } from "./shard-of.ts"
import { shareOf } from "./shares.ts"

const beatEveryMs = 1_000
/** After a failed beat: the database may be back any moment. */
const beatAgainMs = 250
/** This node trusts its locks no longer than this after its last sure word; the others give it longer. */
const trustMs = 4_000
/** A node that has not been heard of for so long is cut off by the others, which frees its locks. */
const leaseMs = 6_000
/** A settlement that waits for a row's lock keeps the next beat waiting behind it: both must come within the trust. */
const lockMaxMs = 1_000
const settings = { ...plannedAnewByKey, ...prompt.settings, lock_timeout: String(lockMaxMs) }
/** While this node ends: how often what has drained is let go. */
const retirePauseMs = 100
/** How long a shard that leaves by agreement waits for what is in flight. */
const drainMaxMs = 5_000

/**
 * Holds this node's share of the 256 shards as advisory locks of one session. PostgreSQL itself says who owns a shard,
 * and frees it when the session ends. A node that is paused keeps its connection, so there is a lease beside it: the
 * others end the session of a node that has been silent too long, and the node itself starts nothing once it cannot be
 * sure. Settlements run on this very session, so one that has lost its locks cannot write.
 */
export class ShardKeeper implements Ownership {
  readonly nodeId = randomBytes(8).toString("hex")
  readonly #url: string
  readonly #onFault: (fault: unknown, what: string) => void
  #session: Session | null = null
  #token = ""
  #balanced = false
  /** Locked by the session; those of `#leaving` are no longer worked on. */
  #held = new Set<number>()
  readonly #leaving = new Set<number>()
  #tenure = 0
  #sureUntilMs = 0
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  #stopped = false
  /** This node ends. */
  #retired = false
  readonly #gained: (() => void)[] = []
  readonly #lost: (() => Promise<void>)[] = []

  constructor(url: string, onFault: (fault: unknown, what: string) => void) {
    this.#url = url
    this.#onFault = onFault
  }

  /** Resolves after the first beat: this node then has what was free of its share. */
  async start(): Promise<void> {
    await this.#beat()
    this.#schedule(beatEveryMs)
  }

  owns(webhookId: WebhookId): boolean {
    const shard = shardOf(webhookId)
    return this.#held.has(shard) && !this.#leaving.has(shard) && this.#isSure()
  }

  leads(): boolean {
    return this.#held.has(0) && this.#isSure()
  }

  shards(): { readonly owned: number; readonly of: number } {
    return { owned: this.#isSure() ? this.#held.size - this.#leaving.size : 0, of: shardCount }
  }

  onGained(listener: () => void): void {
    this.#gained.push(listener)
  }

  onLost(listener: () => Promise<void>): void {
    this.#lost.push(listener)
  }

  retire(busy: () => Iterable<WebhookId>): void {
    this.#retired = true
    clearTimeout(this.#timer)
    this.#beating = this.#letGo(busy).catch(() => {
      // The session's end frees what is left.
    })
  }

  /** What has nothing in flight at once, the rest as it drains. Settlements go on for what is still held. */
  async #letGo(busy: () => Iterable<WebhookId>): Promise<void> {
    await this.#beating
    const session = this.#session
    if (session === null) return
    // No longer one of those who share: the others take what is free at their next beat.
    await this.#sayGone(session)
    while (!this.#stopped && this.#session === session && this.#held.size > 0) {
      const inUse = new Set([...busy()].map(shardOf))
      const free = [...this.#held].filter((shard) => !inUse.has(shard))
      for (const shard of free) this.#held.delete(shard)
      if (free.length > 0) await this.#unlock(session, free)
      await delay(retirePauseMs)
    }
  }

  #sayGone(session: Session): Promise<unknown> {
    return session.alone(() => session.run("DELETE FROM nodes WHERE node_id = $1", [this.nodeId]))
  }

  #unlock(session: Session, shards: readonly number[]): Promise<unknown> {
    return session.alone(() =>
      session.run(`SELECT pg_advisory_unlock(${lockClass.shards}, shard) FROM unnest($1::integer[]) AS u (shard)`, [
        arrayOf(shards),
      ]),
    )
  }

  /** The session that holds the webhook's shard, to settle on; null when this node does not. */
  holder(webhookId: string): { readonly session: Session; readonly token: string } | null {
    const session = this.#session
    if (session === null || session.lost || !this.#held.has(shardOf(webhookId))) return null
    return { session, token: this.#token }
  }

  /** Changes whenever this node has come into shards, for which another may have settled before. */
  get tenure(): number {
    return this.#tenure
  }

  /**
   * Whether this node is connected and has taken, since then, what was free of its share; or ends, and has lost what it
   * held: it takes none again.
   */
  get knowsItsShards(): boolean {
    return this.connected ? this.#balanced : this.#retired
  }

  /** Whether the database could be reached at the last beat. */
  get connected(): boolean {
    return this.#session !== null && !this.#session.lost
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#beating
    const session = this.#session
    this.#drop()
    if (session === null) return
    // So that the others need not find out.
    if (!session.lost) await this.#sayGone(session).catch(() => undefined)
    await session.close()
  }

  #isSure(): boolean {
    return !this.#retired && performance.now() < this.#sureUntilMs
  }

  #schedule(delayMs: number): void {
    if (this.#stopped || this.#retired) return
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().then(
        () => this.#schedule(beatEveryMs),
        (fault: unknown) => {
          if (!this.#stopped) this.#onFault(fault, "holding this node's shards")
          this.#schedule(beatAgainMs)
        },
      )
    }, delayMs)
  }

  async #beat(): Promise<void> {
    const session = this.#session ?? (await this.#open())
    const startedMs = performance.now()
    try {
      const nodes = await session.alone(() => this.#sayAlive(session))
      if (this.#session !== session) return
      // Looked at last: a beat that took long may itself have outlasted the trust.
      const wasSure = this.#isSure()
      this.#sureUntilMs = startedMs + trustMs
      const taken = await this.#balance(session, shareOf(this.nodeId, nodes))
      if (this.#session === session) this.#balanced = true
      // After a pause what was buffered may be stale, and what came meanwhile was not looked at.
      if (taken || !wasSure) for (const listener of this.#gained) listener()
    } catch (error) {
      // It waited for a lock: its own are held still, and the next beat may come in time.
      if (isLockTimeout(error)) throw error
      // First: what is freed with the session is this node's no more.
      this.#lose(session)
      if (!session.lost) await session.close()
      throw error
    }
  }

  async #open(): Promise<Session> {
    const session: Session = new Session(this.#url, settings, {
      answerMaxMs: prompt.answerMaxMs,
      onLost: () => this.#lose(session),
    })
    const token = randomBytes(16).toString("hex")
    try {
      await session.run("SELECT set_config('tocsin.token', $1, false)", [token])
      // The server may not have heard that the connection before is lost, and would keep this node's shards for it.
      await session.run(
        `SELECT pg_terminate_backend(a.pid) FROM nodes n
         JOIN pg_stat_activity a ON a.pid = n.pid AND a.backend_start = n.backend_start
         WHERE n.node_id = $1 AND a.pid <> pg_backend_pid()`,
        [this.nodeId],
      )
    } catch (error) {
      await session.close()
      throw error
    }
    this.#session = session
    this.#token = token
    return session
  }

  /** @returns the ids of the nodes that live. */
  async #sayAlive(session: Session): Promise<readonly string[]> {
    await session.run(
      `INSERT INTO nodes (node_id, pid, backend_start, beaten_at)
       SELECT $1, pid, backend_start, clock_timestamp() FROM pg_stat_activity WHERE pid = pg_backend_pid()
       ON CONFLICT (node_id) DO UPDATE SET pid = excluded.pid, backend_start = excluded.backend_start,
         beaten_at = excluded.beaten_at`,
      [this.nodeId],
    )
    const rows = await session.run(
      `SELECT n.node_id, a.pid IS NOT NULL AS connected,
         n.beaten_at < clock_timestamp() - make_interval(secs => $1) AS silent,
         CASE WHEN a.pid IS NOT NULL AND n.beaten_at < clock_timestamp() - make_interval(secs => $1)
           THEN pg_terminate_backend(a.pid) END AS cut
       FROM nodes n LEFT JOIN pg_stat_activity a ON a.pid = n.pid AND a.backend_start = n.backend_start`,
      [leaseMs / 1_000],
    )
    const gone = rows.filter((row) => row.connected !== true && row.silent === true)
    // None that another transaction holds: a beat must not wait.
    if (gone.length > 0)
      await session.run(
        `DELETE FROM nodes WHERE node_id IN (SELECT node_id FROM nodes WHERE node_id = ANY ($1::text[])
           AND beaten_at < clock_timestamp() - make_interval(secs => $2) FOR UPDATE SKIP LOCKED)`,
        [arrayOf(gone.map((row) => text(row, "node_id"))), leaseMs / 1_000],
      )
    return rows.filter((row) => row.connected === true && row.silent !== true).map((row) => text(row, "node_id"))
  }

  /** Gives shards away beyond this node's share, or takes free ones up to it. @returns whether it took any. */
  async #balance(session: Session, share: number): Promise<boolean> {
    if (this.#held.size > share) {
      await this.#release(session, [...this.#held].sort((a, b) => b - a).slice(0, this.#held.size - share))
      return false
    }
    if (this.#held.size === share) return false
    const locked = await session.alone(() =>
      session.run(
        `SELECT objid::bigint AS shard FROM pg_locks WHERE locktype = 'advisory' AND classid = ${lockClass.shards}
           AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      ),
    )
    const taken = new Set(locked.map((row) => number(row, "shard")))
    const free = Array.from({ length: shardCount }, (_, shard) => shard).filter((shard) => !taken.has(shard))
    // Each from another place, so that nodes that start together seldom reach for the same.
    const from = Math.floor((Number.parseInt(this.nodeId.slice(0, 4), 16) / 0x10000) * free.length)
    const wanted = [...free.slice(from), ...free.slice(0, from)].slice(0, share - this.#held.size)
    if (wanted.length === 0) return false
    const got = await session.alone(() =>
      session.run(
        `SELECT shard::bigint AS shard FROM unnest($1::integer[]) AS u (shard)
         WHERE pg_try_advisory_lock(${lockClass.shards}, shard)`,
        [arrayOf(wanted)],
      ),
    )
    if (this.#session !== session) return false
    this.#tenure += 1
    for (const row of got) this.#held.add(number(row, "shard"))
    return got.length > 0
  }

  async #release(session: Session, shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#leaving.add(shard)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(drainMaxMs, trustMs / 2))
    })
    await Promise.race([Promise.all(this.#lost.map((listener) => listener())), late])
    clearTimeout(timer)
    if (this.#session !== session) return
    // From here on settlements for them are refused; one under way on this session comes before the unlocking.
    for (const shard of shards) {
      this.#held.delete(shard)
      this.#leaving.delete(shard)
    }
    await this.#unlock(session, shards)
  }

  #lose(session: Session): void {
    if (this.#session !== session) return
    this.#drop()
    for (const listener of this.#lost) void listener()
  }

  #drop(): void {
    this.#session = null
    this.#balanced = false
    this.#held = new Set()
    this.#leaving.clear()
    this.#sureUntilMs = 0
  }
}
