/**
 * The part of the peers' packages that is used here, said by hand: they are installed on first use only, and the
 * types must be checked without them. Written from the declarations of the versions in package.json.
 */
declare module "bullmq" {
  type Connection = { readonly host: string; readonly port: number; readonly maxRetriesPerRequest?: null }
  type JobOptions = {
    readonly attempts: number
    readonly backoff: { readonly type: "exponential"; readonly delay: number }
  }
  export class Queue<Data> {
    constructor(name: string, options: { readonly connection: Connection; readonly defaultJobOptions: JobOptions })
    add(name: string, data: Data): Promise<unknown>
    addBulk(jobs: readonly { readonly name: string; readonly data: Data }[]): Promise<unknown>
    close(): Promise<void>
  }
  export class Worker<Data, Result> {
    constructor(
      name: string,
      process: (job: { readonly data: Data; readonly attemptsMade: number }) => Promise<Result>,
      options: { readonly connection: Connection; readonly concurrency: number },
    )
    on(event: "completed", listener: () => void): this
    on(event: "error", listener: (error: Error) => void): this
    waitUntilReady(): Promise<unknown>
    close(): Promise<void>
  }
}

declare module "pg-boss" {
  type RetryOptions = { readonly retryLimit: number; readonly retryDelay: number; readonly retryBackoff: boolean }
  export type JobResult = { readonly id: string; readonly status: "completed" | "failed"; readonly output?: object }
  export class PgBoss {
    constructor(options: { readonly connectionString: string; readonly max: number })
    on(event: "error", listener: (error: Error) => void): this
    start(): Promise<this>
    stop(): Promise<void>
    createQueue(name: string, options: RetryOptions): Promise<void>
    send(name: string, data: object): Promise<string | null>
    insert(name: string, jobs: readonly { readonly data: object }[]): Promise<string[] | null>
    work<Data extends object>(
      name: string,
      options: {
        readonly batchSize: number
        readonly localConcurrency: number
        readonly pollingIntervalSeconds: number
        readonly burstWhenBatchFull: boolean
        readonly includeMetadata: true
        readonly perJobResults: true
      },
      handler: (
        jobs: readonly { readonly id: string; readonly data: Data; readonly retryCount: number }[],
      ) => Promise<readonly JobResult[]>,
    ): Promise<string>
  }
}

declare module "graphile-worker" {
  type JobSpec = { readonly identifier: string; readonly payload: object; readonly maxAttempts: number }
  export class Logger {
    constructor(factory: () => (level: string, message: string) => void)
  }
  export function run(options: {
    readonly preset: {
      readonly worker: {
        readonly connectionString: string
        readonly concurrentJobs: number
        readonly maxPoolSize: number
        readonly pollInterval: number
        readonly localQueue: {
          readonly size: number
          readonly refetchDelay: {
            readonly durationMs: number
            readonly threshold: number
            readonly maxAbortThreshold: number
          }
        }
        readonly completeJobBatchDelay: number
        readonly failJobBatchDelay: number
        readonly logger: Logger
      }
    }
    readonly taskList: Readonly<
      Record<string, (payload: unknown, helpers: { readonly job: { readonly attempts: number } }) => Promise<void>>
    >
  }): Promise<{ stop(): Promise<void> }>
  export function makeWorkerUtils(options: {
    readonly connectionString: string
    readonly maxPoolSize: number
    readonly logger: Logger
  }): Promise<{
    migrate(): Promise<void>
    addJob(identifier: string, payload: object, spec: { readonly maxAttempts: number }): Promise<unknown>
    addJobs(specs: readonly JobSpec[]): Promise<unknown>
    release(): Promise<void>
  }>
}

declare module "pg" {
  export class Pool {
    constructor(options: { readonly connectionString: string; readonly max: number })
    query(
      text: string,
      values?: readonly unknown[],
    ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
    end(): Promise<void>
  }
}
