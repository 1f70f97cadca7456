import { randomBytes } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import driver from "postgres"
import { preparePostgres } from "../../postgres/postgres-server.ts"
import { always, type Fault, torment } from "../fault.ts"
import { undoneInAnyCase } from "../leftovers.ts"

/** Two nodes on a PostgreSQL that is restarted, crashes, and is cut off; nodes that are killed and paused meanwhile. */
export const postgres: Fault = {
  name: "postgres",
  title: "PostgreSQL restarted and cut, nodes killed and paused",
  unfit: always,
  async run({ forMs, random }) {
    const server = await preparePostgres()
    const close = undoneInAnyCase(() => server.close())
    try {
      await server.open()
      const url = await server.freshDatabase()
      const settings = { TOCSIN_DATABASE_URL: url, TOCSIN_ENCRYPTION_KEY: randomBytes(32).toString("base64") }
      const acts = ["restarts", "crashes", "cuts", "kills", "pauses"] as const
      let turn = random.below(acts.length)
      return await torment(
        "postgres",
        // A node that wakes, or was cut off, may still send what it had on its way.
        { settings, otherNodes: 1, handovers: acts, late: true },
        async (patient, done) => {
          const untilMs = performance.now() + forMs
          do {
            const act = acts[turn++ % acts.length] ?? "kills"
            const node = random.below(2)
            switch (act) {
              case "restarts":
              case "crashes":
                await server.halt(act === "crashes" ? "crash" : "order")
                await delay(random.fraction() * 1_000)
                await server.start()
                break
              case "cuts": {
                const sql = driver(url, { max: 1, onnotice: () => {} })
                await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tocsin %'`
                await sql.end()
                break
              }
              case "kills":
                await patient.kill(node)
                await patient.start(node)
                break
              case "pauses":
                void patient.process(node).kill("SIGSTOP")
                await delay(1_000 + random.fraction() * 8_000)
                void patient.process(node).kill("SIGCONT")
                break
            }
            done(act)
            await patient.acknowledges(5)
          } while (performance.now() < untilMs)
        },
      )
    } finally {
      await close()
    }
  },
}
