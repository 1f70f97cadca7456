import type { EventType } from "../../domain/workspace.ts"
import { flatEventType } from "./flat-event-type.ts"

const group = "Endpoints"
const resource = ["target_asset", "hostname", "endpoint_id"]

export const patchDeployedSample = {
  patch_id: "pat_6y1d8f",
  severity: "info",
  target_asset: "build-03.cybervault.internal",
  package_name: "xz-utils",
  previous_version: "5.6.1",
  current_version: "5.6.2",
  deployed_at: "2025-01-15T15:02:33Z",
}

export const endpointEvents: readonly EventType[] = [
  flatEventType(
    {
      name: "endpoint.offline",
      group,
      description: "A managed agent lost its connection",
      severity: "low",
      sample: {
        endpoint_id: "ep_k4v7n2",
        severity: "low",
        hostname: "laptop-217.cybervault.internal",
        agent_version: "4.12.0",
        last_seen: "2025-01-15T13:58:41Z",
        reason: "heartbeat_missed",
      },
    },
    { resource, optional: ["agent_version", "reason"] },
  ),
  flatEventType(
    {
      name: "endpoint.online",
      group,
      description: "A managed agent is connected again",
      severity: "info",
      sample: {
        endpoint_id: "ep_k4v7n2",
        severity: "info",
        hostname: "laptop-217.cybervault.internal",
        agent_version: "4.12.0",
        connected_at: "2025-01-15T14:21:09Z",
        offline_seconds: 1348,
      },
    },
    { resource, optional: ["agent_version", "offline_seconds"] },
  ),
  flatEventType(
    {
      name: "patch.deployed",
      group,
      description: "A security patch was installed",
      severity: "info",
      sample: patchDeployedSample,
    },
    { resource, optional: ["previous_version"] },
  ),
  flatEventType(
    {
      name: "patch.failed",
      group,
      description: "A security patch could not be installed",
      severity: "medium",
      sample: {
        patch_id: "pat_6y1d8f",
        severity: "medium",
        target_asset: "build-04.cybervault.internal",
        package_name: "xz-utils",
        error_code: "reboot_required",
        error_message: "Another update waits for a reboot",
        failed_at: "2025-01-15T15:04:50Z",
      },
    },
    { resource, optional: ["error_code"] },
  ),
]
