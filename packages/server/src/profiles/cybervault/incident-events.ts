import type { EventType } from "../../domain/workspace.ts"
import { flatEventType } from "./flat-event-type.ts"

const group = "Incidents"
const resource = ["target_asset"]

export const incidentEvents: readonly EventType[] = [
  flatEventType(
    {
      name: "incident.created",
      group,
      description: "A ticket was opened for a new security incident",
      severity: "high",
      sample: {
        incident_id: "inc_20481",
        severity: "high",
        title: "Repeated SQL injection against prod-db-01",
        status: "open",
        target_asset: "prod-db-01.cybervault.internal",
        threat_ids: ["thr_94x2k1"],
        assigned_to: "soc-tier-2",
        opened_at: "2025-01-15T14:33:05Z",
      },
    },
    { resource, optional: ["target_asset", "threat_ids", "assigned_to"] },
  ),
  flatEventType(
    {
      name: "incident.resolved",
      group,
      description: "A security incident's ticket was closed",
      severity: "info",
      sample: {
        incident_id: "inc_20481",
        severity: "info",
        title: "Repeated SQL injection against prod-db-01",
        status: "resolved",
        target_asset: "prod-db-01.cybervault.internal",
        root_cause: "unsanitised_search_parameter",
        minutes_to_resolve: 187,
        resolved_at: "2025-01-15T17:40:12Z",
      },
    },
    { resource, optional: ["target_asset", "root_cause", "minutes_to_resolve"] },
  ),
]
