import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import type { Metrics } from "../ports/metrics.ts"

export type Exposition = { readonly metrics: Metrics; text(): Promise<string> }

/** Prometheus figures of one process. Labels are outcomes only: ids would grow without bound. */
export function prometheus(gauges: { readonly inFlight: () => number }): Exposition {
  const register = new Registry()
  collectDefaultMetrics({ register, prefix: "tocsin_" })
  const accepted = new Counter({ name: "tocsin_events_accepted_total", help: "Events accepted", registers: [register] })
  const created = new Counter({
    name: "tocsin_deliveries_created_total",
    help: "Deliveries created by accepted events",
    registers: [register],
  })
  const attempts = new Histogram({
    name: "tocsin_attempt_duration_seconds",
    help: "Duration of attempts by outcome: delivered, or the error code",
    labelNames: ["outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [register],
  })
  const latency = new Histogram({
    name: "tocsin_delivery_latency_seconds",
    help: "From acceptance to the end of the successful attempt",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3_600, 86_400],
    registers: [register],
  })
  new Gauge({
    name: "tocsin_attempts_in_flight",
    help: "Attempts under way",
    registers: [register],
    collect() {
      this.set(gauges.inFlight())
    },
  })
  return {
    metrics: {
      accepted(events, deliveries) {
        accepted.inc(events)
        created.inc(deliveries)
      },
      attempted: (outcome, durationMs) => attempts.observe({ outcome }, durationMs / 1000),
      delivered: (latencyMs) => latency.observe(latencyMs / 1000),
    },
    text: () => register.metrics(),
  }
}
