import { hostname } from "node:os"
import postgres from "postgres"
import { StoreUnavailable } from "../../ports/store.ts"
import { described } from "./failure.ts"

/** What PostgreSQL answers with: names to values; bigint columns come as numbers. */
export type Row = Readonly<Record<string, unknown>>
export type Value = string | number | boolean | null

/** As texts: the driver leaves out what is `false` or 0, as if it had not been given. */
export type ConnectionSettings = Readonly<Record<string, string>>

/** Anything a statement can be run on. Statements are prepared once per connection. */
export type Runner = {
  run(text: string, values?: readonly Value[]): Promise<readonly Row[]>
}

export const idleInTransactionMaxMs = 5_000

/** First milliseconds the server lets a statement run, wait for a lock, or a transaction stand idle (a paused node's). */
const always: ConnectionSettings = {
  statement_timeout: "20000",
  lock_timeout: "10000",
  idle_in_transaction_session_timeout: String(idleInTransactionMaxMs),
  // Of a client that is gone without a word the system alone would tell after two hours; it may hold shards.
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "3",
  tcp_keepalives_count: "3",
  // What an administrator may have set otherwise for a role or a database, and statements here rely on: that each sees
  // what was committed before it, that a connection that only listens stays, and what a NULL in an array is.
  default_transaction_isolation: "read committed",
  idle_session_timeout: "0",
  array_nulls: "on",
}
/** Without an answer for so long the connection is given up: a network that drops packets says nothing. */
const answerMaxMs = 25_000
/**
 * For the connections that traffic waits for, where a statement takes milliseconds. Longer than a paused node may keep
 * a row locked, and short of the 10 s after which traffic is to go on.
 */
export const prompt = {
  settings: { statement_timeout: "7000", lock_timeout: "6000" },
  answerMaxMs: 8_000,
} as const
/** What is under way on connections that are to be closed may take so long. */
const endMaxSeconds = 5

/**
 * A plan that is kept was made for the sizes of its moment, and a partition begins empty: a scan of it that cost
 * nothing then is a scan of a million rows by noon (batches of settlements took 0.5 s instead of 10 ms). So plans are
 * made for each call, which for a batch, pruned to its days, is a fraction of a millisecond.
 */
export const plannedAnew: ConnectionSettings = { plan_cache_mode: "force_custom_plan" }

/**
 * For batches that name their rows. A day that has but thousands of rows looks cheaper to read whole: 20 settlements
 * then read up to 3,700 rows in place of 40.
 */
export const plannedAnewByKey: ConnectionSettings = { ...plannedAnew, enable_seqscan: "off" }

/**
 * For statements that are called for single deliveries, over all days: plans are kept, as long as a connection is.
 * Without the second setting a plan made for an empty table is to read it whole: claiming 50 idempotency keys beside a
 * million took 164 ms with such a plan, and 10 ms with this one.
 */
export const plannedOnce: ConnectionSettings = { plan_cache_mode: "force_generic_plan", enable_seqscan: "off" }
/** The same where rows are found one by one along an index, however many a plan that knows no sizes expects. */
export const plannedOnceByLoops: ConnectionSettings = {
  ...plannedOnce,
  enable_hashjoin: "off",
  enable_mergejoin: "off",
}
export const plansLastSeconds = 30

/** What an administrator sees in `pg_stat_activity`. */
const nodeName = `tocsin ${process.pid}@${hostname()}`.slice(0, 63)

function driverOptions(settings: ConnectionSettings, max: number) {
  return {
    max,
    connect_timeout: 5,
    // The driver's own growing backoff would keep requests waiting for 20 s after the database is back.
    backoff: () => 0.1,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => {},
    types: { int8: { to: 20, from: [20], serialize: String, parse: Number } },
    // Where a table must be read whole although that is to be avoided, a plan looks dear enough to be compiled: 280 ms
    // in place of 0.05, measured on a table of one row.
    connection: { application_name: nodeName, jit: "off", ...always, ...settings },
  }
}

type Driver = ReturnType<typeof postgres>

async function send(driver: Driver, text: string, values: readonly Value[]): Promise<readonly Row[]> {
  return await driver.unsafe(text, [...values], { prepare: values.length > 0 })
}

class NoAnswer extends Error {
  readonly code = "NO_ANSWER"
  constructor() {
    super("the database does not answer")
  }
}

/** A pool for single statements, each a transaction of its own. Reconnects by itself. */
export class Pool implements Runner {
  readonly #open: () => Driver
  #driver: Driver
  readonly #answerMaxMs: number

  /**
   * @param options `lifetimeSeconds`: after which a connection is replaced by a new one; never unless given.
   *   `answerMaxMs`: without an answer for so long, a connection is taken for dead.
   */
  constructor(
    url: string,
    max: number,
    settings: ConnectionSettings,
    options: { readonly lifetimeSeconds?: number; readonly answerMaxMs?: number } = {},
  ) {
    this.#answerMaxMs = options.answerMaxMs ?? answerMaxMs
    this.#open = () => postgres(url, { ...driverOptions(settings, max), max_lifetime: options.lifetimeSeconds ?? null })
    this.#driver = this.#open()
  }

  async run(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    const { promise: noAnswer, reject: giveUp } = Promise.withResolvers<never>()
    const driver = this.#driver
    const timer = setTimeout(() => {
      giveUp(new NoAnswer())
      this.#renew(driver)
    }, this.#answerMaxMs)
    try {
      return await Promise.race([send(driver, text, values), noAnswer])
    } catch (error) {
      throw described(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * A network that drops packets says nothing, and the system gives a connection up after a quarter of an hour. The
   * driver would go on to send on that one, even while others answer, and does not let one be closed alone: so all are
   * replaced, and those that do answer have a moment to end what they are at.
   */
  #renew(silent: Driver): void {
    if (this.#driver !== silent) return
    this.#driver = this.#open()
    void silent.end({ timeout: endMaxSeconds })
  }

  close(): Promise<void> {
    return this.#driver.end({ timeout: endMaxSeconds })
  }
}

class Lost extends Error {
  readonly code = "SESSION_LOST"
  constructor() {
    super("the connection was lost")
  }
}

/**
 * One connection, for what belongs to a session: transactions, advisory locks, LISTEN. Once lost it stays lost: what
 * the driver would silently send on a new connection must not be taken for a part of the old one's transaction.
 */
export class Session implements Runner {
  readonly #driver: Driver
  readonly #answerMaxMs: number | null
  #lost = false
  #opened = false
  /** What the driver still holds when the connection is lost it would send on another, or never: nobody waits for it. */
  readonly #pending = new Set<(reason: Error) => void>()
  #last: Promise<unknown> = Promise.resolve()

  /** @param options `answerMaxMs: null` for what takes as long as it takes: statements over a whole history. */
  constructor(
    url: string,
    settings: ConnectionSettings,
    options: { onLost?: () => void; onNotify?: (payload: string) => void; answerMaxMs?: number | null } = {},
  ) {
    this.#answerMaxMs = options.answerMaxMs === undefined ? answerMaxMs : options.answerMaxMs
    this.#driver = postgres(url, {
      ...driverOptions(settings, 1),
      onclose: () => {
        const first = !this.#lost
        this.#lost = true
        for (const giveUp of this.#pending) giveUp(new Lost())
        if (first) options.onLost?.()
      },
      // Not in the driver's type declarations, but what its own `listen` is made of.
      ...{ onnotify: (_channel: string, payload: string) => options.onNotify?.(payload) },
    })
  }

  get lost(): boolean {
    return this.#lost
  }

  /** @throws Error with the code SESSION_LOST, or the driver's */
  async run(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    if (this.#lost) throw new Lost()
    this.#opened = true
    const { promise: noAnswer, reject: giveUp } = Promise.withResolvers<never>()
    const late = () => {
      giveUp(new NoAnswer())
      void this.close()
    }
    const timer = this.#answerMaxMs === null ? undefined : setTimeout(late, this.#answerMaxMs)
    this.#pending.add(giveUp)
    try {
      return await Promise.race([send(this.#driver, text, values), noAnswer])
    } finally {
      clearTimeout(timer)
      this.#pending.delete(giveUp)
    }
  }

  /** Runs the calls one after the other, so that none gets into another's transaction. */
  alone<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(call)
    this.#last = result.catch(() => undefined)
    return result
  }

  transaction<Result>(body: (run: Runner["run"]) => Promise<Result>): Promise<Result> {
    return this.alone(() => this.inTransaction(body))
  }

  /** For whoever has its turn already: see `alone`. */
  async inTransaction<Result>(body: (run: Runner["run"]) => Promise<Result>): Promise<Result> {
    await this.run("BEGIN")
    try {
      const result = await body((text, values) => this.run(text, values))
      await this.run("COMMIT")
      return result
    } catch (error) {
      if (!this.#lost) await this.run("ROLLBACK").catch(() => this.close())
      throw error
    }
  }

  async close(): Promise<void> {
    this.#lost = true
    await this.#driver.end({ timeout: this.#opened ? 1 : 0 })
  }
}

/** Sessions for transactions, made anew when lost. */
export class SessionPool {
  readonly #open: () => Session
  readonly #free: Session[] = []
  readonly #waiting: ((session: Session) => void)[] = []
  #count = 0
  readonly #max: number
  #closed = false

  constructor(max: number, open: () => Session) {
    this.#max = max
    this.#open = open
  }

  /** @throws StoreUnavailable; whatever the operation itself was wrong about */
  async transaction<Result>(body: (run: Runner["run"]) => Promise<Result>): Promise<Result> {
    const session = await this.#take()
    try {
      return await session.transaction(body)
    } catch (error) {
      throw described(error)
    } finally {
      this.#give(session)
    }
  }

  async #take(): Promise<Session> {
    if (this.#closed) throw new StoreUnavailable("The store is closed.")
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (!free.lost) return free
      this.#count -= 1
      void free.close()
    }
    if (this.#count < this.#max) {
      this.#count += 1
      return this.#open()
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #give(session: Session): void {
    let next = session
    if (session.lost) {
      void session.close()
      next = this.#open()
    }
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) waiting(next)
    else if (this.#closed) void next.close()
    else this.#free.push(next)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#free.splice(0).map((session) => session.close()))
  }
}
