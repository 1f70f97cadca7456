import type { NewEvent } from "../../../domain/event.ts"
import { asId, type EventId, type WorkspaceId } from "../../../domain/ids.ts"
import type { Acceptance, AcceptConflict, Accepted, AcceptedEvent, KeyedEvent } from "../../../ports/store.ts"
import { number, text } from "../columns.ts"
import { codeOf } from "../failure.ts"
import { columns, joinedColumns, separated } from "../literals.ts"
import { mintedMs } from "../minted.ts"
import { addMinutes, Minutes, side } from "../minutes.ts"
import { dayOf } from "../partitions.ts"
import type { Row, Runner, Session } from "../session.ts"
import { code } from "../states.ts"
import { isVisible } from "../visible-workspace.ts"

export type AcceptOutcome = Accepted | AcceptConflict

/**
 * Events, deliveries and counters of a whole batch in one statement, so that a batch without idempotency keys is one
 * trip and one commit. The counters come first: their rows are locked in the order given, until the commit is visible.
 * So of two batches for one webhook, on whatever nodes, the one with the smaller numbers is seen first, and a reader
 * never finds number 7 before number 6. The minutes are joined with the counters only to be written after them.
 */
const storing = (claims: string, afterClaims: string) => `
WITH ${claims} counters AS (
  INSERT INTO webhook_sequences AS w (workspace_id, webhook_id, last_sequence)
  SELECT * FROM unnest(${separated(1)}, ${separated(2)}, $3::bigint[]) ${afterClaims}
  ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET last_sequence = w.last_sequence + excluded.last_sequence
  RETURNING workspace_id, webhook_id, last_sequence
), new_events AS (
  INSERT INTO events (workspace_id, id, type, attributes, metadata, trace, body, minted_ms, created_ms, accepted_ms,
    delivery_count, ordering_key, idempotency_key)
  SELECT * FROM unnest(${separated(4)}, ${separated(5)}, ${separated(6)}, ${separated(7)}, ${separated(8)},
    ${separated(9)}, ${separated(10)}, $11::bigint[], $12::bigint[], $13::bigint[], $14::integer[], $15::text[],
    $16::text[])
), new_deliveries AS (
  INSERT INTO deliveries (workspace_id, id, minted_ms, webhook_id, event_id, event_minted_ms, event_type, sequence,
    state, attempts, attempts_before, created_ms, window_from_ms, due_ms, lane_key)
  SELECT d.workspace_id, d.id, d.minted_ms, d.webhook_id, d.event_id, d.event_minted_ms, d.event_type,
    c.last_sequence - d.behind, ${code.fresh}, 0, 0, d.at_ms, d.at_ms, d.at_ms, d.lane_key
  FROM unnest(${separated(17)}, ${separated(18)}, ${separated(19)}, ${separated(20)}, ${separated(21)}, $22::bigint[],
      $23::bigint[], $24::bigint[], $25::bigint[], $26::text[])
    AS d (workspace_id, id, webhook_id, event_id, event_type, minted_ms, event_minted_ms, behind, at_ms, lane_key)
  JOIN counters c ON c.workspace_id = d.workspace_id AND c.webhook_id = d.webhook_id
), minutes AS (
  ${addMinutes(27, side.accepting, "JOIN counters c ON c.workspace_id = m.workspace_id AND c.webhook_id = m.webhook_id")}
)
SELECT workspace_id, webhook_id, last_sequence FROM counters`

const storeBatch = storing("", "")

const keyColumnNames = "workspace_id, key, fingerprint, event_id, minted_ms, created_ms, delivery_count"

/**
 * With keys that were free a moment ago. It fails as a whole, with `taken`, where a rival was there before it. The keys
 * come before the counters, as they do in a transaction that claims them, so that two batches cannot lock each other out.
 */
const storeClaiming = storing(
  `claimed AS (
  INSERT INTO idempotency_keys (${keyColumnNames})
  SELECT * FROM unnest($39::text[], $40::text[], $41::text[], $42::text[], $43::bigint[], $44::bigint[], $45::integer[])
  RETURNING 1
),`,
  "WHERE (SELECT count(*) FROM claimed) > 0",
)

/** PostgreSQL's manual, "Error Codes": unique_violation. */
const taken = "23505"

/** Taken in sorted order, so that two batches that share keys wait for each other instead of locking each other out. */
const claimKeys = `
INSERT INTO idempotency_keys (${keyColumnNames})
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::integer[])
ON CONFLICT (workspace_id, key) DO NOTHING`

/** A statement of its own: it sees what a rival, waited for by the one before, has committed meanwhile. */
const readKeys = `
SELECT k.workspace_id, k.key, k.fingerprint, k.event_id, k.created_ms, k.delivery_count::bigint AS delivery_count
FROM unnest($1::text[], $2::text[]) AS u (workspace_id, key)
JOIN idempotency_keys k ON k.workspace_id = u.workspace_id AND k.key = u.key`

const dropKeys = `
DELETE FROM idempotency_keys k USING unnest($1::text[], $2::text[]) AS u (workspace_id, key)
WHERE k.workspace_id = u.workspace_id AND k.key = u.key`

type First = Omit<KeyedEvent, "key">

/** What idempotency keys stand for; see `Store.acceptedBefore`. */
export async function acceptedBefore(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  keys: readonly string[],
): Promise<readonly KeyedEvent[]> {
  const asked = columns(
    keys,
    () => workspaceId,
    (key) => key,
  )
  const rows = await run(`${readKeys} WHERE ${isVisible("k.workspace_id")}`, asked)
  return rows.map((row) => ({ key: text(row, "key"), ...first(row) }))
}

type NewRow = { readonly workspaceId: string; readonly event: NewEvent; readonly mintedMs: number }

/** Days that a batch writes to. */
export function daysOf(batch: readonly Acceptance[]): Set<number> {
  const days = new Set<number>()
  for (const { events } of batch)
    for (const event of events) {
      days.add(dayOf(mintedMs(event.id)))
      for (const delivery of event.deliveries) days.add(dayOf(mintedMs(delivery.id)))
    }
  return days
}

/** Commits acceptances together; see `Store.accept`. @throws whatever the database refuses; nothing is kept then */
export async function acceptBatch(session: Session, batch: readonly Acceptance[]): Promise<readonly AcceptOutcome[]> {
  const rows = batch.flatMap(({ workspaceId, events }) => events.map((event) => withMinted({ workspaceId, event })))
  const sequences = await session.alone(() => storeAtOnce(session, rows, claimsOf(batch)))
  if (sequences === null) return session.transaction((run) => acceptKeyed({ run }, batch))
  return batch.map(({ events }) => ({
    outcome: "accepted",
    events: events.map((event) => accepted(event, sequences)),
  }))
}

/**
 * Hardly ever is an idempotency key not new. So keys are looked up, and claimed in the statement that stores what they
 * stand for, which is a transaction by itself: two ways to the database and back in place of five.
 *
 * @returns the number each delivery was given, by its id; null where a key is not new: nothing is kept then.
 */
async function storeAtOnce(
  session: Session,
  rows: readonly NewRow[],
  claims: readonly NewRow[],
): Promise<ReadonlyMap<string, number> | null> {
  if (claims.length === 0) return store(session, rows)
  if (claims.length < rows.filter(({ event }) => event.idempotency !== null).length) return null
  try {
    const known = await session.run(readKeys, keyColumns(claims))
    return known.length > 0 ? null : await store(session, rows, claims)
  } catch (error) {
    if (codeOf(error) === taken) return null
    throw error
  }
}

/** As a part of a transaction; see `acceptBatch`. */
export async function acceptKeyed(runner: Runner, batch: readonly Acceptance[]): Promise<readonly AcceptOutcome[]> {
  const claims = claimsOf(batch)
  const known = await claimAndRead(runner, claims)
  const claimed = new Set<string>(claims.map(({ event }) => event.id))
  const won = new Set(known.map((row) => text(row, "event_id")).filter((id) => claimed.has(id)))
  const firsts = new Map<string, First>()
  for (const row of known) if (!won.has(text(row, "event_id"))) firsts.set(keyName(row), first(row))

  const fresh: NewRow[] = []
  const decided = batch.map((acceptance) => decide(acceptance, firsts, fresh))
  await correctClaims(
    runner,
    claims.filter(({ event }) => won.has(event.id)),
    fresh,
  )
  const sequences = await store(runner, fresh)
  return decided.map((decision): AcceptOutcome => {
    if (decision.outcome === "conflict") return decision
    return {
      outcome: "accepted",
      events: decision.events.map(({ event, earlier }) =>
        earlier === null ? accepted(event, sequences) : duplicate(earlier),
      ),
    }
  })
}

/** What each of the keys stands for by now. One that retention has removed between the two statements is claimed again. */
async function claimAndRead(runner: Runner, claims: readonly NewRow[]): Promise<readonly Row[]> {
  const once = async () => {
    await claim(runner, claims)
    return runner.run(readKeys, keyColumns(claims))
  }
  const known = await once()
  return known.length === claims.length ? known : once()
}

type Decision =
  | AcceptConflict
  | { readonly outcome: "stored"; readonly events: readonly { event: NewEvent; earlier: First | null }[] }

/** Decides about one acceptance, in the order of the calls; what it stores is known to those after it. */
function decide({ workspaceId, events }: Acceptance, firsts: Map<string, First>, fresh: NewRow[]): Decision {
  const here = new Map<string, First>()
  const found: { event: NewEvent; earlier: First | null }[] = []
  for (const [index, event] of events.entries()) {
    const { idempotency } = event
    if (idempotency === null) {
      found.push({ event, earlier: null })
      continue
    }
    const name = nameOfKey(workspaceId, idempotency.key)
    const earlier = here.get(name) ?? firsts.get(name) ?? null
    if (earlier !== null && earlier.fingerprint !== idempotency.fingerprint) return { outcome: "conflict", index }
    if (earlier === null)
      here.set(name, {
        id: event.id,
        createdMs: event.createdMs,
        deliveryCount: event.deliveries.length,
        fingerprint: idempotency.fingerprint,
      })
    found.push({ event, earlier })
  }
  for (const [name, own] of here) firsts.set(name, own)
  for (const { event, earlier } of found) if (earlier === null) fresh.push(withMinted({ workspaceId, event }))
  return { outcome: "stored", events: found }
}

/** A claim whose acceptance turned out to be a conflict goes to the next event with that key, or back. */
async function correctClaims(runner: Runner, won: readonly NewRow[], fresh: readonly NewRow[]): Promise<void> {
  const holders = new Map<string, NewRow>()
  for (const row of fresh)
    if (row.event.idempotency !== null) holders.set(nameOfKey(row.workspaceId, row.event.idempotency.key), row)
  const holderOf = (row: NewRow) => holders.get(nameOfKey(row.workspaceId, row.event.idempotency?.key ?? ""))
  const wrong = won.filter((row) => holderOf(row)?.event.id !== row.event.id)
  if (wrong.length === 0) return
  await runner.run(dropKeys, keyColumns(wrong))
  await claim(
    runner,
    wrong.flatMap((row) => holderOf(row) ?? []),
  )
}

async function claim(runner: Runner, claims: readonly NewRow[]): Promise<void> {
  await runner.run(claimKeys, claimColumns(claims))
}

function claimColumns(claims: readonly NewRow[]): string[] {
  return [
    ...keyColumns(claims),
    ...columns(
      claims,
      ({ event }) => event.idempotency?.fingerprint ?? "",
      ({ event }) => event.id,
      (row) => row.mintedMs,
      ({ event }) => event.createdMs,
      ({ event }) => event.deliveries.length,
    ),
  ]
}

function keyColumns(claims: readonly NewRow[]): string[] {
  return columns(
    claims,
    (row) => row.workspaceId,
    ({ event }) => event.idempotency?.key ?? "",
  )
}

/** One event for each key of the batch: the first, unless its own acceptance cannot stand. */
function claimsOf(batch: readonly Acceptance[]): readonly NewRow[] {
  const byName = new Map<string, NewRow>()
  for (const { workspaceId, events } of batch)
    for (const event of events) {
      if (event.idempotency === null) continue
      const name = nameOfKey(workspaceId, event.idempotency.key)
      if (!byName.has(name)) byName.set(name, withMinted({ workspaceId, event }))
    }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

/**
 * @param claims keys to claim with it, if any.
 * @returns the number each delivery was given, by its id.
 */
async function store(
  runner: Runner,
  rows: readonly NewRow[],
  claims: readonly NewRow[] = [],
): Promise<ReadonlyMap<string, number>> {
  const given = new Map<string, number>()
  if (rows.length === 0) return given
  const counters = new Map<string, { workspaceId: string; webhookId: string; count: number }>()
  const minutes = new Minutes()
  const deliveries = rows.flatMap(({ workspaceId, event, mintedMs: eventMintedMs }) =>
    event.deliveries.map((delivery) => {
      const { webhookId } = delivery
      const name = `${workspaceId} ${webhookId}`
      let counter = counters.get(name)
      if (counter === undefined) {
        counter = { workspaceId, webhookId, count: 0 }
        counters.set(name, counter)
      }
      counter.count += 1
      const minted = mintedMs(delivery.id)
      minutes.count(workspaceId, webhookId, minted, "pending", 1)
      return { workspaceId, event, eventMintedMs, delivery, minted, name, counter, place: counter.count }
    }),
  )
  const sorted = [...counters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counter]) => counter)
  const result = await runner.run(claims.length > 0 ? storeClaiming : storeBatch, [
    ...joinedColumns(
      sorted,
      (counter) => counter.workspaceId,
      (counter) => counter.webhookId,
    ),
    ...columns(sorted, (counter) => counter.count),
    ...joinedColumns(
      rows,
      (row) => row.workspaceId,
      ({ event }) => event.id,
      ({ event }) => event.type,
      ({ event }) => JSON.stringify(event.attributes),
      ({ event }) => event.metadata,
      ({ event }) => event.trace,
      ({ event }) => event.body,
    ),
    ...columns(
      rows,
      (row) => row.mintedMs,
      ({ event }) => event.createdMs,
      ({ event }) => event.acceptedMs,
      ({ event }) => event.deliveries.length,
      ({ event }) => event.orderingKey,
      ({ event }) => event.idempotency?.key ?? null,
    ),
    ...joinedColumns(
      deliveries,
      (each) => each.workspaceId,
      ({ delivery }) => delivery.id,
      ({ delivery }) => delivery.webhookId,
      ({ event }) => event.id,
      ({ event }) => event.type,
    ),
    ...columns(
      deliveries,
      ({ minted }) => minted,
      (each) => each.eventMintedMs,
      ({ counter, place }) => counter.count - place,
      ({ event }) => event.acceptedMs,
      ({ delivery }) => delivery.laneKey,
    ),
    ...minutes.columns(),
    ...(claims.length > 0 ? claimColumns(claims) : []),
  ])
  const last = new Map(
    result.map((row) => [`${text(row, "workspace_id")} ${text(row, "webhook_id")}`, number(row, "last_sequence")]),
  )
  for (const { delivery, name, counter, place } of deliveries)
    given.set(delivery.id, (last.get(name) ?? 0) - counter.count + place)
  return given
}

function accepted(event: NewEvent, sequences: ReadonlyMap<string, number>): AcceptedEvent {
  return {
    id: event.id,
    createdMs: event.createdMs,
    duplicate: false,
    deliveryCount: event.deliveries.length,
    sequences: event.deliveries.map(({ id }) => sequences.get(id) ?? 0),
  }
}

function duplicate({ id, createdMs, deliveryCount }: First): AcceptedEvent {
  return { id, createdMs, duplicate: true, deliveryCount, sequences: [] }
}

function withMinted({ workspaceId, event }: { workspaceId: string; event: NewEvent }): NewRow {
  return { workspaceId, event, mintedMs: mintedMs(event.id) }
}

function nameOfKey(workspaceId: string, key: string): string {
  return `${workspaceId} ${key}`
}

function keyName(row: Row): string {
  return nameOfKey(text(row, "workspace_id"), text(row, "key"))
}

function first(row: Row): First {
  return {
    id: asId<EventId>(text(row, "event_id")),
    createdMs: number(row, "created_ms"),
    deliveryCount: number(row, "delivery_count"),
    fingerprint: text(row, "fingerprint"),
  }
}
