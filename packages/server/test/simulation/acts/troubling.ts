import type { WebhookId } from "../../../src/domain/ids.ts"
import { wellBehaved } from "../disks/moody-store.ts"
import { pick } from "../plan.ts"
import type { Life } from "../process/engine-process.ts"
import { type ReceiverMood, willing } from "../receivers.ts"
import type { Stage } from "../stage.ts"

const secondMs = 1_000
const hourMs = 3_600_000

function livesOf(stage: Stage): readonly Life[] {
  return stage.nodes.flatMap(({ life }) => life ?? [])
}

/** A process is killed now, between two of its turns. */
export function crash(stage: Stage): void {
  const lives = livesOf(stage)
  if (lives.length > 0) pick(stage.random, lives).lifeline.cut()
}

/** A process is killed at one of its next awaits, whatever it is doing there. */
export function crashSoon(stage: Stage): void {
  const lives = livesOf(stage)
  if (lives.length > 0) pick(stage.random, lives).lifeline.dieAfter(stage.random.below(60))
}

/** A process is asked to stop, as in a deployment, and is given ten seconds. */
export function deploy(stage: Stage): void {
  const lives = stage.reachable()
  if (lives.length === 0) return
  const life = pick(stage.random, lives)
  stage.trace.note(`${life.name} is asked to stop`)
  life.up = false
  const stopped = () => life.lifeline.cut()
  stage.somebody(async () => {
    await life.engine.stop()
    stopped()
  })
  stage.clock.after(10 * secondMs, stopped)
}

/** A process stands still, as under SIGSTOP or on a machine that swaps, perhaps for longer than its lease. */
export function pauseProcess(stage: Stage): void {
  const { random, troubles } = stage
  const lives = livesOf(stage).filter(({ lifeline }) => lifeline.running)
  if (lives.length === 0) return
  const life = pick(random, lives)
  const forMs = random.chance(0.5) ? random.below(8 * secondMs) : random.below(60 * secondMs)
  stage.trace.note(`${life.name} stands still for ${forMs} ms`)
  stage.counts.pauses++
  troubles.begin("pause")
  life.lifeline.pause()
  stage.clock.after(forMs, () => {
    life.lifeline.resume()
    troubles.end("pause")
  })
}

/** Somebody sets a machine's clock. */
export function jumpClock(stage: Stage): void {
  const { random } = stage
  const node = pick(random, stage.nodes)
  // Days once, for what takes days. What another clock's owner has put off by them would wait too long for its end.
  const daysMs = stage.plan.nodes === 1 && node.machine.setByMs < hourMs ? 150 * hourMs : 30 * hourMs
  const reachMs = pick(random, [5 * secondMs, 60 * secondMs, hourMs, 30 * hourMs, daysMs])
  // Back never further than it was put forward: what is due would otherwise be days away.
  const byMs = random.chance(0.5)
    ? random.below(reachMs)
    : -Math.min(random.below(reachMs), node.machine.setByMs + hourMs)
  setClock(stage, node, byMs)
}

export function setClock(stage: Stage, node: Stage["nodes"][number], byMs: number): void {
  stage.trace.note(`the clock of node ${node.number} jumps by ${byMs} ms`)
  stage.counts.jumps++
  node.machine.highestMs = Math.max(node.machine.highestMs, stage.clock.now() + node.machine.setByMs)
  node.machine.setByMs += byMs
  stage.troubles.happened()
}

/** The storage refuses, loses answers or breaks, for a while. */
export function troubleStore(stage: Stage): void {
  const { random, troubles, plan } = stage
  const grave = random.chance(0.2)
  stage.storeMood = {
    away: grave ? 1 : random.fraction() * 0.5,
    // An embedded database's answer is lost with its process only.
    answerLost: plan.setting === "sqlite" ? 0 : random.fraction() * 0.4,
    breaks: random.chance(0.3) ? 0.1 : 0,
  }
  const mood = stage.storeMood
  stage.trace.note(`the storage is ${JSON.stringify(mood)}`)
  stage.counts.storeTroubles++
  troubles.begin("store")
  stage.clock.after(random.below(60 * secondMs), () => {
    if (stage.storeMood === mood) stage.storeMood = wellBehaved
    troubles.end("store")
  })
}

/** The storage takes long: settlements are late. */
export function slowStore(stage: Stage): void {
  const { random, troubles } = stage
  stage.latencyMaxMs = pick(random, [100, 1_000, 10_000])
  stage.trace.note(`the storage takes up to ${stage.latencyMaxMs} ms`)
  troubles.begin("latency")
  stage.clock.after(random.below(30 * secondMs), () => {
    stage.latencyMaxMs = quickMs
    // What was asked before is answered as late as it was going to be.
    stage.clock.after(25 * secondMs, () => troubles.end("latency"))
  })
}
export const quickMs = 4

/** Receivers change their mind: one, or all. */
export function changeReceivers(stage: Stage): void {
  const { random } = stage
  const ids = [...stage.model.webhooks.keys()]
  if (ids.length === 0) return
  const some = random.chance(0.3) ? ids : [pick(random, ids)]
  setMood(stage, some, random.chance(0.35) ? willing : drawMood(stage))
}

export function setMood({ trace, moods, troubles }: Stage, of: readonly WebhookId[], mood: ReceiverMood): void {
  trace.note(`receivers of ${of.join(" ")} become ${JSON.stringify(mood)}`)
  for (const id of of) {
    moods.set(id, mood)
    troubles.happenedAt(id)
  }
}

function drawMood({ random }: Stage): ReceiverMood {
  const share = () => (random.chance(0.5) ? random.fraction() : 0)
  return {
    fails: random.chance(0.2) ? 1 : share(),
    stalls: share() * 0.5,
    asksToWait: share(),
    lies: share() * 0.5,
    gone: random.chance(0.15) ? 0.2 : 0,
    refuses: share() * 0.5,
  }
}
