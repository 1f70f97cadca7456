import type { Submission } from "../../../src/accept/intake.ts"
import { asId, type EventId, type WebhookId } from "../../../src/domain/ids.ts"
import { wants } from "../checks/wants.ts"
import { pick } from "../plan.ts"
import { scanSample, violationOf } from "../samples.ts"
import type { Stage, UpLife } from "../stage.ts"

type Publication = {
  readonly submissions: readonly Submission[]
  tries: number
  acknowledged: boolean
}

const triesMax = 6

/** Publishes some events, in one request or in several at once; a publisher without an answer sends again. */
export function publish(stage: Stage): void {
  const { random } = stage
  const requests = 1 + random.below(5)
  for (let request = 0; request < requests; request++) {
    const count = random.chance(0.3) ? 1 + random.below(12) : 1
    const keyed = random.chance(0.6)
    const submissions = Array.from({ length: count }, (_, index) => submission(stage, index, keyed))
    send(stage, { submissions, tries: 0, acknowledged: false })
  }
}

function submission(stage: Stage, index: number, keyed: boolean): Submission {
  const { random, clock } = stage
  const violation = random.chance(0.4)
  const resource = `resource-${random.below(4)}`
  const severity = pick(random, ["HIGH", "LOW"])
  const data = violation
    ? violationOf(resource, severity)
    : { scan: { ...scanSample, id: `scan_${random.below(1e6)}` } }
  const key = `${clock.monotonic()}-${index}-${random.below(1e9)}`
  return {
    type: violation ? "policy.violation.created" : "scan.completed",
    data,
    dataText: JSON.stringify(data),
    idempotencyKey: keyed ? key : null,
    createdMs: null,
    orderingKey: random.chance(0.5) ? `key-${random.below(4)}` : null,
    attributes: null,
    metadataText: null,
  }
}

function send(stage: Stage, publication: Publication): void {
  const { random, clock } = stage
  const lives = stage.reachable()
  publication.tries++
  clock.after(2_000 + random.below(20_000), () => {
    if (!publication.acknowledged && publication.tries < triesMax) send(stage, publication)
  })
  if (lives.length === 0) return
  const life = pick(random, lives)
  const webhooks = life.engine.registry.webhooks(stage.workspaceId)
  const owed = publication.submissions.map((each) =>
    webhooks.filter((webhook) => wants(webhook, each.type, each.dataText)).map(({ id }) => id),
  )
  stage.somebody(async () => {
    const outcome = await life.engine.intake.accept(stage.workspaceId, publication.submissions)
    if (!outcome.accepted) {
      stage.verdicts.broken("valid events are accepted", JSON.stringify(outcome.refusals))
      return
    }
    const first = publication.tries === 1
    publication.acknowledged = true
    stage.trace.note(`${life.name} acknowledges ${outcome.receipts.map(({ id }) => id).join(" ")}`)
    for (const [index, receipt] of outcome.receipts.entries())
      holdTo(stage, life, receipt, owed[index] ?? [], publication.submissions[index], first)
  })
}

/** What a publisher is told is so. */
function holdTo(
  stage: Stage,
  life: UpLife,
  receipt: { readonly id: string; readonly duplicate: boolean },
  owed: readonly WebhookId[],
  submission: Submission | undefined,
  first: boolean,
): void {
  const { verdicts, model } = stage
  const event = model.events.get(asId<EventId>(receipt.id))
  verdicts.hold(
    event !== undefined,
    "what is acknowledged is durable",
    () => `${life.name} acknowledged ${receipt.id}, which is not stored`,
  )
  if (!event) return
  verdicts.hold(
    event.body.includes(submission?.dataText ?? "?"),
    "data is kept as it was published",
    () => `${receipt.id} holds ${event.body}`,
  )
  if (receipt.duplicate) {
    verdicts.hold(!first, "only what was published before is a duplicate", () => receipt.id)
    return
  }
  stage.counts.events++
  stage.counts.deliveries += owed.length
  const goesTo = event.deliveries.filter(({ replayId }) => replayId === null).map(({ webhookId }) => webhookId)
  verdicts.hold(
    goesTo.join() === owed.join(),
    "an event goes to the webhooks that asked for it",
    () => `${receipt.id} goes to ${goesTo.join()}, not to ${owed.join()}`,
  )
}
