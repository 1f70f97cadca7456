import { number, text } from "./columns.ts"
import { reasonOf } from "./failure.ts"
import { idleInTransactionMaxMs, type Runner } from "./session.ts"

const oldestVersion = 150_000
/** What holds any character; SQL_ASCII takes bytes as they come, which here are UTF-8. */
const encodings: ReadonlySet<string> = new Set(["UTF8", "SQL_ASCII"])

/**
 * What would go wrong later, and far from its cause. A pooler that gives each transaction another connection would let
 * two nodes hold one shard, since locks stay behind where nobody asks for them; one that drops settings would let a
 * paused node hold the rows it has locked for ever.
 *
 * @param first one of two connections that are open at the same time
 * @returns a line to act on; null when nodes can work on it
 */
export async function unsuitability(first: Runner, second: Runner): Promise<string | null> {
  const [row] = await first.run(
    `SELECT current_setting('server_version_num')::bigint AS version, current_setting('server_version') AS named,
       current_setting('server_encoding') AS encoding, pg_backend_pid()::bigint AS pid,
       (SELECT setting::bigint FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS idle_ms`,
  )
  if (row === undefined) return "it does not say what it is."
  if (number(row, "version") < oldestVersion)
    return `it is PostgreSQL ${text(row, "named")}, and 15 is the oldest that will do.`
  const encoding = text(row, "encoding")
  if (!encodings.has(encoding))
    return `its encoding, ${encoding}, does not hold every character. Create it with ENCODING 'UTF8' TEMPLATE template0.`
  // Asked again, too: a pooler may hand connections out in turn.
  const pids = [number(row, "pid"), await processOf(first), await processOf(second)]
  if (pids[0] !== pids[1] || pids[0] === pids[2])
    return "a pooler in between pools by transaction or statement. Nodes need connections of their own: leave it out, or let it pool by session."
  if (number(row, "idle_ms") !== idleInTransactionMaxMs)
    return `a pooler in between, or the server, drops the settings that nodes give their connections. ${direct}`
  return null
}

async function processOf(runner: Runner): Promise<number> {
  const [row] = await runner.run("SELECT pg_backend_pid()::bigint AS pid")
  return row === undefined ? 0 : number(row, "pid")
}

const direct = "Connect to PostgreSQL itself."

/** What PgBouncer says unless it is told to drop the settings of connections, and PostgreSQL before 14 to one of them. */
export function refusalOf(error: unknown): string {
  const reason = reasonOf(error)
  if (reason.includes("unsupported startup parameter"))
    return `a pooler in between does not take the settings that nodes give their connections (${reason}). ${direct}`
  if (reason.includes("unrecognized configuration parameter"))
    return `it does not know a setting of its connections (${reason}). PostgreSQL 15 is the oldest that will do.`
  return reason
}
