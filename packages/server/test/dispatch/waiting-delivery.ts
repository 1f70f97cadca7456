import type { WaitingDelivery } from "../../src/domain/delivery.ts"
import { asId } from "../../src/domain/ids.ts"

/** One that has never been attempted. */
export function delivery(sequence: number, laneKey = ""): WaitingDelivery {
  return {
    id: asId(`dlv_${sequence}`),
    workspaceId: asId("ws_1"),
    webhookId: asId("wh_1"),
    eventId: asId(`evt_${sequence}`),
    eventType: "scan.completed",
    sequence,
    laneKey,
    attempts: 0,
    attemptsBefore: 0,
    dueMs: 0,
    windowFromMs: 0,
    trace: null,
    body: "{}",
  }
}
