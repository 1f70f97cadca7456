import type { Stage } from "../stage.ts"
import { startReplay } from "./configuring.ts"
import { publish } from "./publishing.ts"
import { crashSoon, jumpClock, troubleStore } from "./troubling.ts"

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
