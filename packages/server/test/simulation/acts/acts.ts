import type { SeededRandom } from "../seeded-random.ts"
import type { Stage } from "../stage.ts"
import {
  addWebhook,
  cancelReplay,
  changeEncryptionKey,
  changeOrdering,
  changeRate,
  changeRetries,
  changeSecret,
  changeUrl,
  deleteWebhook,
  pauseWebhook,
  resumeWebhook,
  retrySome,
  startReplay,
} from "./configuring.ts"
import { crashAmid, failForDays, jumpAmid, publishVolley, replayAmid } from "./meeting.ts"
import { publish } from "./publishing.ts"
import {
  changeReceivers,
  crash,
  crashSoon,
  deploy,
  jumpClock,
  pauseProcess,
  slowStore,
  troubleStore,
} from "./troubling.ts"

/** What may happen next, in any order, each with its weight. */
const acts: readonly (readonly [weight: number, act: (stage: Stage) => void])[] = [
  [32, publish],
  [4, publishVolley],
  [3, jumpAmid],
  [1, failForDays],
  [3, crashAmid],
  [3, replayAmid],
  [12, changeReceivers],
  [4, crash],
  [6, crashSoon],
  [2, deploy],
  [6, pauseProcess],
  [3, jumpClock],
  [6, troubleStore],
  [3, slowStore],
  [4, pauseWebhook],
  [6, resumeWebhook],
  [3, changeOrdering],
  [2, changeRetries],
  [1, changeRate],
  [1, changeUrl],
  [3, changeSecret],
  [1, deleteWebhook],
  [1, addWebhook],
  [1, changeEncryptionKey],
  [3, startReplay],
  [1, cancelReplay],
  [4, retrySome],
]
const weights = acts.reduce((sum, [weight]) => sum + weight, 0)

export function someAct(random: SeededRandom): (stage: Stage) => void {
  let left = random.below(weights)
  for (const [weight, act] of acts) {
    if (left < weight) return act
    left -= weight
  }
  return publish
}

const secondMs = 1_000
const hourMs = 3_600_000

/** How long nothing new happens: most things happen at once, and now and then a whole night passes. */
export function pauseMs({ random, plan }: Stage): number {
  const drawn = random.fraction()
  if (drawn < 0.35 + 0.3 * plan.hurry) return random.below(300)
  if (drawn < 0.85) return random.below(20 * secondMs)
  // Several nodes beat every second of a night.
  if (drawn < 0.97 || plan.setting === "cluster") return random.below(300 * secondMs)
  return random.below(12 * hourMs)
}
