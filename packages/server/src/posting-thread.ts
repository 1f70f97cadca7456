/** The thread that posts: it signs, sends and judges, but records nothing and decides nothing; see `threaded-poster.ts`. */
import { parentPort, workerData } from "node:worker_threads"
import { socketsPerOriginMax } from "./ports/sender.ts"
import { Posting } from "./posting/posting.ts"
import { serveThread } from "./posting/thread/serve-thread.ts"
import { parseAllowedTargets, parseDeniedTargets } from "./send/allowed-targets.ts"
import type { EgressProxy } from "./send/egress-proxy.ts"
import { openSender } from "./send/undici-sender.ts"
import { systemClock } from "./system/system-clock.ts"
import { keepCompiled } from "./threads/keep-compiled.ts"

/** What the thread is started with: options of the sender that can cross to another thread. */
export type PostingThreadOptions = {
  /** As the operator wrote them (`TOCSIN_ALLOWED_TARGETS`, `TOCSIN_DENIED_TARGETS`). */
  readonly allowedTargets: string
  readonly deniedTargets: string
  readonly egressProxy: EgressProxy | null
}

keepCompiled()
if (parentPort === null) throw new Error("This file runs as a worker thread only.")
const { allowedTargets, deniedTargets, egressProxy }: PostingThreadOptions = workerData
const sender = openSender({
  egressProxy,
  allowedTargets: parseAllowedTargets(allowedTargets),
  deniedTargets: parseDeniedTargets(deniedTargets),
})
serveThread(parentPort, new Posting(sender, systemClock), socketsPerOriginMax)
