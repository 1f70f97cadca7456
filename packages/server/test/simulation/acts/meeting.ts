import { pick } from "../plan.ts"
import { willing } from "../receivers.ts"
import type { Stage } from "../stage.ts"
import { startReplay } from "./configuring.ts"
import { publish } from "./publishing.ts"
import { crashSoon, jumpClock, setClock, setMood, troubleStore } from "./troubling.ts"

const hourMs = 3_600_000

/** Things that are harmless alone and would rarely meet by chance. */

/** Requests come one upon the other, to any node, while the first events are under way. */
export function publishVolley(stage: Stage): void {
  for (let left = 3 + stage.random.below(8); left > 0; left--)
    stage.clock.after(stage.random.below(200), () => publish(stage))
}

/** A clock is set while much waits for its turn. */
export function jumpAmid(stage: Stage): void {
  publish(stage)
  stage.clock.after(stage.random.below(500), () => jumpClock(stage))
}

/** A receiver fails, and still does after days: the clock is set ahead by them. */
export function failForDays(stage: Stage): void {
  const { random, plan, model, clock } = stage
  const [node] = stage.nodes
  const ids = [...model.webhooks.keys()]
  if (plan.nodes > 1 || node === undefined || node.machine.setByMs >= hourMs || ids.length === 0) return
  setMood(stage, [pick(random, ids)], { ...willing, fails: 1 })
  publish(stage)
  clock.after(10_000, () => setClock(stage, node, (121 + random.below(29)) * hourMs))
  clock.after(15_000, () => publish(stage))
}

/** A process dies while it accepts and sends. */
export function crashAmid(stage: Stage): void {
  publish(stage)
  crashSoon(stage)
}

/** A replay runs on a storage that loses answers. */
export function replayAmid(stage: Stage): void {
  troubleStore(stage)
  startReplay(stage)
}
