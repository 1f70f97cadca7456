import { type JobResult, PgBoss } from "pg-boss"
import { AttemptsTable } from "./attempts-table.ts"
import { attemptsMax, firstDelayMs, type Job, type Peer, succeeded } from "./peer.ts"

const queueName = "deliveries"
const connections = 10

/**
 * Batches, each job with an outcome of its own, fetched anew at once while they come back full. Not woken by NOTIFY:
 * with it, jobs that were added one by one were fetched one by one, several times slower.
 */
export const pgBoss: Peer = {
  async work({ databaseUrl, post, recorded }) {
    const boss = await started(databaseUrl)
    const retryDelay = firstDelayMs / 1_000
    await boss.createQueue(queueName, { retryLimit: attemptsMax - 1, retryDelay, retryBackoff: true })
    const attempts = new AttemptsTable(databaseUrl, recorded)
    await attempts.create()
    const deliver = async (job: { readonly id: string; readonly data: Job; readonly retryCount: number }) => {
      const number = job.retryCount + 1
      const posted = await post(job.data, number)
      await attempts.add({ delivery: job.data.id, number, posted })
      return { id: job.id, status: succeeded(posted) ? "completed" : "failed" } satisfies JobResult
    }
    const failed = (id: string, error: unknown): JobResult => ({
      id,
      status: "failed",
      output: { error: String(error) },
    })
    await boss.work<Job>(
      queueName,
      {
        batchSize: 100,
        localConcurrency: 4,
        pollingIntervalSeconds: 0.5,
        burstWhenBatchFull: true,
        includeMetadata: true,
        perJobResults: true,
      },
      (jobs) => Promise.all(jobs.map((job) => deliver(job).catch((error: unknown) => failed(job.id, error)))),
    )
    return {
      async stop() {
        await boss.stop()
        await attempts.close()
      },
    }
  },

  async produce(databaseUrl) {
    const boss = await started(databaseUrl)
    return {
      async add(jobs) {
        const [only] = jobs
        if (jobs.length === 1 && only) await boss.send(queueName, only)
        else
          await boss.insert(
            queueName,
            jobs.map((data) => ({ data })),
          )
      },
      close: () => boss.stop(),
    }
  },
}

async function started(connectionString: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString, max: connections })
  boss.on("error", (error) => process.stderr.write(`pg-boss: ${error.message}\n`))
  return await boss.start()
}
