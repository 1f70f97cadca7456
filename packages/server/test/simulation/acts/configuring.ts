import type { AuditEntry } from "../../../src/domain/audit.ts"
import { asId, type WebhookId } from "../../../src/domain/ids.ts"
import type { Replay } from "../../../src/domain/replay.ts"
import type { Webhook } from "../../../src/domain/webhook.ts"
import { KeyRotation } from "../../../src/registry/key-rotation.ts"
import { pick, retryConfigs, webhookPlan } from "../plan.ts"
import type { Stage, UpLife } from "../stage.ts"

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const webhooksMax = 7

/** Somebody at a node that answers, and a webhook that it knows. */
function atWebhook(stage: Stage, act: (life: UpLife, webhook: Webhook) => Promise<void>): void {
  const lives = stage.reachable()
  if (lives.length === 0) return
  const life = pick(stage.random, lives)
  const webhooks = life.engine.registry.webhooks(stage.workspaceId)
  if (webhooks.length === 0) return
  const webhook = pick(stage.random, webhooks)
  stage.somebody(() => act(life, webhook))
}

function editing(change: (stage: Stage) => (before: Webhook, nowMs: number) => Partial<Webhook>) {
  return (stage: Stage): void => {
    const changed = change(stage)
    atWebhook(stage, (life, { id }) => stage.edit(life, id, changed))
  }
}

export const pauseWebhook = editing(() => () => ({ active: false }))
export const resumeWebhook = editing(() => () => ({ active: true, disabled: null }))
export const changeOrdering = editing(({ random }) => {
  const ordering = pick(random, ["strict", "by_key", "none"] as const)
  return () => ({ ordering })
})
export const changeRetries = editing(({ random }) => {
  const retryConfig = pick(random, retryConfigs)
  return () => ({ retryConfig })
})
export const changeRate = editing(({ random }) => {
  const { rateLimit } = webhookPlan(random)
  return () => ({ rateLimit })
})
export const changeUrl = editing(({ random }) => {
  const path = `/${random.below(1e6)}`
  return ({ url }) => ({ url: new URL(path, url).href })
})
export const changeSecret = editing(({ random }) => {
  const current = `secret-number-${random.below(1e9)}`
  const overlapMs = pick(random, [0, minuteMs, 24 * hourMs])
  return ({ secrets }, nowMs) => ({
    secrets: { current, previous: overlapMs === 0 ? null : { secret: secrets.current, untilMs: nowMs + overlapMs } },
  })
})
export const deleteWebhook = (stage: Stage): void =>
  atWebhook(stage, (life, { id }) => stage.edit(life, id, (_, nowMs) => ({ deletedMs: nowMs })))

export function addWebhook(stage: Stage): void {
  const lives = stage.reachable()
  if (lives.length === 0 || stage.model.webhooks.size >= webhooksMax) return
  const life = pick(stage.random, lives)
  stage.somebody(() => stage.addWebhook(life))
}

/** The key that seals secrets is changed while everything runs. */
export function changeEncryptionKey(stage: Stage): void {
  const lives = stage.reachable()
  if (lives.length === 0) return
  const life = pick(stage.random, lives)
  const { registry, mint } = life.engine
  const rotation = new KeyRotation(registry, life.store, stage.sealing, () => stage.sealing.addKey())
  const note = (workspaceId: AuditEntry["workspaceId"]): AuditEntry => ({
    id: asId(`aud_${mint.next(life.clock.now())}`),
    workspaceId,
    atMs: life.clock.now(),
    actor: { kind: "admin" },
    address: null,
    action: "encryption_key.rotated",
    subject: stage.sealing.keyId,
    before: null,
    after: null,
  })
  stage.somebody(async () => {
    await rotation.rotate(note)
  })
}

/** Past events are to be delivered again. */
export function startReplay(stage: Stage): void {
  const { random } = stage
  const backMs = pick(random, [minuteMs, hourMs, 30 * hourMs])
  const onlyMissing = random.chance(0.5)
  atWebhook(stage, async ({ engine, store, clock }, { id: webhookId }) => {
    const nowMs = clock.now()
    const replay: Replay = {
      id: asId(`rpl_${engine.mint.next(nowMs)}`),
      workspaceId: stage.workspaceId,
      webhookId,
      fromMs: nowMs - backMs,
      toMs: nowMs,
      eventTypes: null,
      statuses: null,
      onlyMissing,
      state: "running",
      afterId: null,
      examined: 0,
      enqueued: 0,
      createdMs: nowMs,
      updatedMs: nowMs,
    }
    await store.putReplay(replay)
    stage.counts.replays++
    engine.replaying.run(replay)
  })
}

export function cancelReplay(stage: Stage): void {
  const running = [...stage.model.replays.values()].filter(({ replay }) => replay.state === "running")
  const lives = stage.reachable()
  if (running.length === 0 || lives.length === 0) return
  const { store, clock } = pick(stage.random, lives)
  const { id } = pick(stage.random, running).replay
  stage.somebody(async () => {
    const replay = await store.replay(stage.workspaceId, id)
    if (replay?.state === "running") await store.putReplay({ ...replay, state: "cancelled", updatedMs: clock.now() })
  })
}

/** Somebody asks for deliveries to be sent again, now: those over, and those that wait for their retry. */
export function retrySome(stage: Stage): void {
  const { random, model } = stage
  const all = [...model.deliveries.values()]
  const lives = stage.reachable()
  if (all.length === 0 || lives.length === 0) return
  const life = pick(random, lives)
  for (let count = 1 + random.below(4); count > 0; count--) {
    // The latest are the ones that people look at.
    const { id, webhookId } = pick(random, random.chance(0.7) ? all.slice(-30) : all)
    stage.somebody(() => retry(stage, life, id, webhookId))
  }
}

/** As `POST /v1/deliveries/{id}/retry` does it. */
export async function retry(
  stage: Stage,
  { engine, store, clock }: UpLife,
  id: Parameters<UpLife["store"]["delivery"]>[1],
  webhookId: WebhookId,
): Promise<void> {
  if (!engine.registry.webhook(stage.workspaceId, webhookId)) return
  stage.counts.retries++
  const woken = await store.reopen(stage.workspaceId, id, clock.now())
  if (woken !== null) engine.dispatcher.wake(stage.workspaceId, woken)
}
