import type { OperationalType } from "../domain/operational.ts"
import type { EventType } from "../domain/workspace.ts"
import { withSchema } from "./schema-of-sample.ts"

const webhook = { id: "wh_0192f3a4b5c6d7e8f0011223344556677", description: "Ticket system" }

/** In every profile's catalogue: what Tocsin publishes about its own work. No URL and no payload is in them. */
export const operationalEvents: readonly EventType[] = [
  operational(
    "webhook.disabled",
    "A webhook was disabled: its endpoint answered 410, or failed for five days without one success",
    { webhook, reason: "failing", disabled_at: "2024-01-15T14:30:00Z" },
  ),
  operational(
    "delivery.exhausted",
    "A delivery was given up after its last attempt; it can still be retried by hand or replayed",
    {
      webhook,
      delivery: {
        id: "dlv_0192f3a4b5c6d7e8f0011223344556677",
        event_id: "evt_0192f3a4b5c6d7e8f0011223344556677",
        event_type: "scan.completed",
        sequence: 4711,
        attempts: 15,
        because: "attempts",
        exhausted_at: "2024-01-16T13:15:00Z",
        last_status_code: 503,
        last_error_code: "non_2xx",
      },
    },
  ),
  operational(
    "backlog.growing",
    "Deliveries that wait for a webhook have reached 1,000, or a doubling of that, and do not get fewer",
    { webhook, backlog: { waiting: 2150, reached: 2000, observed_at: "2024-01-15T14:30:00Z" } },
  ),
]

function operational(name: OperationalType, description: string, sample: object): EventType {
  const entry = { name, group: "Operational", description, severity: null, sample, attributePaths: {} }
  return withSchema(entry, { coreLevels: 1, optional: [] })
}
