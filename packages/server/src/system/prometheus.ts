import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import {
  type Backlog,
  type CommitListener,
  commitKinds,
  type DatabaseUse,
  databaseUses,
  type Gauges,
  intakeRefusals,
  type Metrics,
} from "../ports/metrics.ts"

export type Exposition = {
  readonly metrics: Metrics
  readonly onCommit: CommitListener
  /** The database was found damaged, for one use of it or the other. */
  onDamaged(damagedFor: DatabaseUse): void
  readonly onRequest: RequestListener
  /** From now on these are measured whenever somebody looks. */
  watch(gauges: Gauges): void
  text(): Promise<string>
}

/** @param route as registered, parameters by their names: there are only so many. */
export type RequestListener = (method: string, route: string, status: number, durationMs: number) => void

/** What the scraper waits for the backlog: without an answer the figure is left out, the others are told. */
const backlogMaxMs = 2_000

/**
 * Prometheus figures of one process. Labels take values from short lists only: ids, addresses and whatever a client
 * may choose would grow without bound.
 */
export function prometheus(version: string): Exposition {
  const register = new Registry()
  const registers = [register]
  let gauges: Gauges | null = null
  collectDefaultMetrics({ register, prefix: "tocsin_" })

  new Gauge({
    name: "tocsin_build_info",
    help: "1, with the version that runs",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1)

  const accepted = new Counter({ name: "tocsin_events_accepted_total", help: "Events accepted", registers })
  const refused = new Counter({
    name: "tocsin_events_refused_total",
    help: "Events not accepted, by reason: the code of the API's problem",
    labelNames: ["reason"],
    registers,
  })
  // There from the start, or the first refusal would not show as a rise.
  for (const reason of intakeRefusals) refused.inc({ reason }, 0)
  const created = new Counter({
    name: "tocsin_deliveries_created_total",
    help: "Deliveries created by accepted events",
    registers,
  })
  const ended = new Counter({
    name: "tocsin_deliveries_ended_total",
    help: "Deliveries that will not be attempted again by themselves, by how they ended",
    labelNames: ["state"],
    registers,
  })
  // Labels are looked up once: on the way of every delivery and request the lookup would cost more than the count.
  const endedAs = {
    delivered: ended.labels({ state: "delivered" }),
    exhausted: ended.labels({ state: "exhausted" }),
    expired: ended.labels({ state: "expired" }),
    cancelled: ended.labels({ state: "cancelled" }),
  }
  for (const each of Object.values(endedAs)) each.inc(0)
  const attempts = new Histogram({
    name: "tocsin_attempt_duration_seconds",
    help: "Duration of attempts by outcome: delivered, or the error code",
    labelNames: ["outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const latency = new Histogram({
    name: "tocsin_delivery_latency_seconds",
    help: "From acceptance to the end of the successful attempt",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3_600, 86_400],
    registers,
  })
  const examined = new Counter({
    name: "tocsin_replay_events_examined_total",
    help: "Past events that replays looked at",
    registers,
  })
  const enqueued = new Counter({
    name: "tocsin_replay_deliveries_created_total",
    help: "Deliveries created by replays",
    registers,
  })
  const forgot = new Counter({
    name: "tocsin_retention_steps_total",
    help: "Steps of removing what is past its retention: more is left, all is done, or the step failed",
    labelNames: ["outcome"],
    registers,
  })
  for (const outcome of ["more", "done", "failed"]) forgot.inc({ outcome }, 0)

  const commitSize = new Histogram({
    name: "tocsin_commit_operations",
    help: "Operations that shared a commit of the store",
    labelNames: ["kind"],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
    registers,
  })
  const commitTime = new Histogram({
    name: "tocsin_commit_duration_seconds",
    help: "Duration of commits of the store",
    labelNames: ["kind"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  })
  const commits = new Map(
    commitKinds.map((kind) => [kind, { size: commitSize.labels({ kind }), time: commitTime.labels({ kind }) }]),
  )

  const damaged = new Gauge({
    name: "tocsin_database_damaged",
    help: "1 once the embedded database was found damaged: where it is needed for sending, or only for looking or removing",
    labelNames: ["for"],
    registers,
  })
  for (const use of databaseUses) damaged.set({ for: use }, 0)

  const requests = new Counter({
    name: "tocsin_http_requests_total",
    help: "Requests answered, by route and status",
    labelNames: ["method", "route", "status"],
    registers,
  })
  const requestTime = new Histogram({
    name: "tocsin_http_request_duration_seconds",
    help: "From a request's first byte to the end of its answer; of the stream, until its reader leaves",
    labelNames: ["method", "route"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers,
  })

  const answered = new Map<string, { count: Counter.Internal; time: Histogram.Internal<string> }>()

  /** @param read sets nothing while nobody has said what to measure. */
  const gauge = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: (gauge: Gauge<Label>, from: Gauges) => void | Promise<void>,
  ) =>
    new Gauge<Label>({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      collect() {
        if (gauges !== null) return read(this, gauges)
      },
    })
  gauge("tocsin_attempts_in_flight", "Attempts under way", [], (each, from) => each.set(from.inFlight()))
  gauge("tocsin_shards_owned", "Shares of the webhooks that this node sends for", [], (each, from) =>
    each.set(from.shards().owned),
  )
  gauge("tocsin_shards", "Shares that the webhooks of the instance are divided into", [], (each, from) =>
    each.set(from.shards().of),
  )
  gauge("tocsin_webhooks", "Webhooks of the instance, by status", ["status"], (each, from) => {
    for (const [status, count] of Object.entries(from.webhooks())) each.set({ status }, count)
  })
  gauge("tocsin_replays_running", "Replay jobs that this node is working on", [], (each, from) =>
    each.set(from.replaysRunning()),
  )
  // One after the other in the text: both are of one measurement.
  let measured: Promise<Backlog | null> = Promise.resolve(null)
  gauge(
    "tocsin_backlog_deliveries",
    "Deliveries not yet ended, of webhooks that this node sends for: sent to, or held",
    ["webhooks"],
    async (each, from) => {
      measured = within(from.backlog(), backlogMaxMs)
      each.reset()
      for (const [webhooks, { deliveries }] of Object.entries((await measured) ?? {}))
        each.set({ webhooks }, deliveries)
    },
  )
  gauge(
    "tocsin_backlog_oldest_age_seconds",
    "Since the first delivery not yet ended was accepted; 0 without any",
    ["webhooks"],
    async (each) => {
      each.reset()
      for (const [webhooks, { oldestAgeMs }] of Object.entries((await measured) ?? {}))
        each.set({ webhooks }, oldestAgeMs / 1000)
    },
  )

  return {
    metrics: {
      accepted(events, deliveries) {
        accepted.inc(events)
        created.inc(deliveries)
      },
      refused: (reason, events) => refused.inc({ reason }, events),
      attempted: (outcome, durationMs) => attempts.observe({ outcome }, durationMs / 1000),
      delivered: (latencyMs) => latency.observe(latencyMs / 1000),
      ended: (state, deliveries) => endedAs[state].inc(deliveries),
      replayed(looked, created) {
        examined.inc(looked)
        enqueued.inc(created)
      },
      forgot: (outcome) => forgot.inc({ outcome }),
    },
    onCommit(kind, operations, durationMs) {
      const figures = commits.get(kind)
      figures?.size.observe(operations)
      figures?.time.observe(durationMs / 1000)
    },
    onDamaged: (damagedFor) => damaged.set({ for: damagedFor }, 1),
    onRequest(method, route, status, durationMs) {
      const name = `${status} ${method} ${route}`
      let figures = answered.get(name)
      if (figures === undefined) {
        figures = {
          count: requests.labels({ method, route, status }),
          time: requestTime.labels({ method, route }),
        }
        answered.set(name, figures)
      }
      figures.count.inc()
      figures.time.observe(durationMs / 1000)
    },
    watch(given) {
      gauges = given
    },
    text: () => register.metrics(),
  }
}

function within<Value>(promise: Promise<Value>, maxMs: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, maxMs, null)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
