import { Queue, Worker } from "bullmq"
import type { Posted } from "../load/signed-post.ts"
import { attemptsMax, firstDelayMs, type Job, type Peer, succeeded } from "./peer.ts"

const queueName = "deliveries"

/**
 * The attempt is what the job returns: BullMQ stores it in the step that completes the job, which is the cheapest way to
 * keep it (a failed one's is the error that it keeps). Nothing is removed, since the attempts are the log.
 */
export const bullmq: Peer = {
  async work({ databaseUrl, post, recorded }) {
    const attempt = async (job: { readonly data: Job; readonly attemptsMade: number }): Promise<Posted> => {
      const posted = await post(job.data, job.attemptsMade + 1)
      if (!succeeded(posted)) throw new Error(JSON.stringify(posted))
      return posted
    }
    // 100 was quicker than 50 and than 200; two workers of 50 in one process were no quicker than one of 100.
    const worker = new Worker<Job, Posted>(queueName, attempt, {
      connection: connectionTo(databaseUrl),
      concurrency: 100,
    })
    worker.on("completed", () => recorded(1))
    worker.on("error", (error) => process.stderr.write(`bullmq: ${error.message}\n`))
    await worker.waitUntilReady()
    return { stop: () => worker.close() }
  },

  async produce(databaseUrl) {
    const queue = new Queue<Job>(queueName, {
      connection: connectionTo(databaseUrl),
      defaultJobOptions: { attempts: attemptsMax, backoff: { type: "exponential", delay: firstDelayMs } },
    })
    return {
      async add(jobs) {
        const [only] = jobs
        if (jobs.length === 1 && only) await queue.add("delivery", only)
        else await queue.addBulk(jobs.map((data) => ({ name: "delivery", data })))
      },
      close: () => queue.close(),
    }
  },
}

function connectionTo(url: string) {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null }
}
