import type { FailureCode } from "../domain/delivery.ts"

/** What the engine counts. Labels are bounded: no ids. */
export interface Metrics {
  accepted(events: number, deliveries: number): void
  attempted(outcome: "delivered" | FailureCode, durationMs: number): void
  /** From acceptance to the end of the successful attempt. */
  delivered(latencyMs: number): void
}
