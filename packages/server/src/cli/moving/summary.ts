import type { WorkspaceId } from "../../domain/ids.ts"
import { fields } from "../showing/table.ts"
import type { Counts } from "./file-format.ts"

export type Moved = {
  readonly file: string
  readonly workspaces: readonly WorkspaceId[]
  readonly counts: {
    readonly workspaces: number
    readonly api_keys: number
    readonly event_types: number
    readonly webhooks: number
    readonly replays: number
    readonly events: number
    readonly deliveries: number
    readonly attempts: number
    readonly audit_records: number
  }
}

/** What was moved, in the words of the API. */
export function movedTo(file: string, workspaces: readonly WorkspaceId[], counts: Counts): Moved {
  return {
    file,
    workspaces,
    counts: {
      workspaces: counts.workspace,
      api_keys: counts.apiKey,
      event_types: counts.eventType,
      webhooks: counts.webhook,
      replays: counts.replay,
      events: counts.event,
      deliveries: counts.delivery,
      attempts: counts.attempt,
      audit_records: counts.audit,
    },
  }
}

export function movedSummary({ counts }: Moved): string {
  return fields(Object.entries(counts).map(([name, count]) => [name.replaceAll("_", " "), count] as const))
}
