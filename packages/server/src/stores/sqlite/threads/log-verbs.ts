import { prepareDataDirectory } from "../data-directory.ts"
import { openToRead } from "../database.ts"
import { prepareAcceptedBefore } from "../log/accepted-before.ts"
import { prepareAttempts } from "../log/attempts.ts"
import { prepareAudit, prepareAuditChain, prepareAuditHead } from "../log/audit.ts"
import { prepareDeliveriesList } from "../log/deliveries.ts"
import { prepareDelivery } from "../log/delivery.ts"
import { prepareEvent } from "../log/event.ts"
import { prepareEvents } from "../log/events.ts"
import { prepareHealth } from "../log/health.ts"
import { prepareKeyLastUsed } from "../log/key-last-used.ts"
import { prepareLoadConfig } from "../log/load-config.ts"
import { prepareOpenReplays, prepareReplay } from "../log/replay.ts"
import { prepareReplayCandidates } from "../log/replay-candidates.ts"
import { prepareStats } from "../log/stats.ts"
import { prepareWaitingSince } from "../log/waiting-since.ts"
import { prepareVisibleWorkspace } from "../visible-workspace.ts"

export type LogOptions = { readonly directory: string }

export type LogVerbs = ReturnType<typeof openLogVerbs>

/** What people look at: on a thread and a connection of its own, so that a long list never delays a commit. */
export function openLogVerbs({ directory }: LogOptions) {
  const db = openToRead(prepareDataDirectory(directory).database)
  const visible = prepareVisibleWorkspace(db)
  const loadConfig = prepareLoadConfig(db)
  const waitingSince = prepareWaitingSince(db)
  const openReplays = prepareOpenReplays(db)
  return {
    acceptedBefore: prepareAcceptedBefore(db, visible),
    event: prepareEvent(db, visible),
    events: prepareEvents(db, visible),
    delivery: prepareDelivery(db, visible),
    deliveries: prepareDeliveriesList(db, visible),
    attempts: prepareAttempts(db, visible),
    audit: prepareAudit(db),
    auditChain: prepareAuditChain(db),
    auditHead: prepareAuditHead(db),
    health: prepareHealth(db, visible),
    stats: prepareStats(db, visible),
    waitingSince: (_: null) => waitingSince(),
    replay: prepareReplay(db, visible),
    openReplays: (_: null) => openReplays(),
    replayCandidates: prepareReplayCandidates(db, visible),
    loadConfig: (_: null) => loadConfig(),
    keyLastUsed: prepareKeyLastUsed(db, visible),
    close: (_: null) => db.close(),
  }
}
