import { Logger, makeWorkerUtils, run } from "graphile-worker"
import Type from "typebox"
import { Compile } from "typebox/compile"
import { AttemptsTable } from "./attempts-table.ts"
import { attemptsMax, type Peer, succeeded } from "./peer.ts"

const task = "deliver"
const Payload = Compile(Type.Object({ id: Type.String(), body: Type.String() }))

const logger = new Logger(() => (level, message) => {
  if (level === "error") process.stderr.write(`graphile-worker: ${message}\n`)
})

/**
 * With its local queue and its batched completions, which its documentation recommends for throughput. Without the
 * refetch delay it read the queue at nearly each NOTIFY: half as fast where jobs are added one by one.
 */
export const graphileWorker: Peer = {
  async work({ databaseUrl, post, recorded }) {
    const attempts = new AttemptsTable(databaseUrl, recorded)
    await attempts.create()
    const runner = await run({
      preset: {
        worker: {
          connectionString: databaseUrl,
          concurrentJobs: 100,
          maxPoolSize: 12,
          pollInterval: 500,
          localQueue: { size: 500, refetchDelay: { durationMs: 50, threshold: 250, maxAbortThreshold: 500 } },
          completeJobBatchDelay: 10,
          failJobBatchDelay: 10,
          logger,
        },
      },
      taskList: {
        // What throws is tried again: graphile-worker's own backoff, which cannot be set (e^attempts seconds).
        async [task](payload, { job }) {
          const { id, body } = Payload.Parse(payload)
          const posted = await post({ id, body }, job.attempts)
          await attempts.add({ delivery: id, number: job.attempts, posted })
          if (!succeeded(posted)) throw new Error(`answered ${posted.statusCode}`)
        },
      },
    })
    return {
      async stop() {
        await runner.stop()
        await attempts.close()
      },
    }
  },

  async produce(connectionString) {
    const utils = await makeWorkerUtils({ connectionString, maxPoolSize: 10, logger })
    return {
      async add(jobs) {
        const [only] = jobs
        if (jobs.length === 1 && only) await utils.addJob(task, only, { maxAttempts: attemptsMax })
        else await utils.addJobs(jobs.map((payload) => ({ identifier: task, payload, maxAttempts: attemptsMax })))
      },
      async close() {
        await utils.release()
      },
    }
  },
}
