import { GroupCommit } from "../../packages/server/src/stores/group-commit.ts"
import { columns } from "../../packages/server/src/stores/postgres/literals.ts"
import { plannedOnce, Session } from "../../packages/server/src/stores/postgres/session.ts"
import { allDurable, type BareEvent, type BareStore, bounds } from "./bare-store.ts"

type Attempt = { readonly deliveryId: string; readonly detail: string }

const schema = `
CREATE TABLE IF NOT EXISTS events (id text PRIMARY KEY, body text NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (id text PRIMARY KEY, webhook text NOT NULL, waits boolean NOT NULL);
CREATE INDEX IF NOT EXISTS waiting ON deliveries (webhook, id) WHERE waits;
CREATE TABLE IF NOT EXISTS attempts (delivery_id text PRIMARY KEY, detail text NOT NULL)`

const acceptAll = `
WITH added AS (
  INSERT INTO events SELECT * FROM unnest($1::text[], $2::text[])
)
INSERT INTO deliveries SELECT id, webhook, true FROM unnest($3::text[], $4::text[]) AS d (id, webhook)`

const settleAll = `
WITH ended AS (
  UPDATE deliveries SET waits = false WHERE id = ANY ($1::text[])
)
INSERT INTO attempts SELECT * FROM unnest($1::text[], $2::text[])`

/** A connection for acceptances and one for attempts, a statement a commit. */
export async function openPostgresStore(url: string): Promise<BareStore> {
  const [accepting, settling] = [new Session(url, plannedOnce), new Session(url, plannedOnce)]
  await accepting.run(schema)
  const accepted = new GroupCommit<readonly BareEvent[], void>({
    async commit(batch) {
      const events = batch.flat()
      await accepting.run(
        acceptAll,
        columns(
          events,
          ({ id }) => id,
          ({ body }) => body,
          ({ deliveryId }) => deliveryId,
          ({ webhook }) => webhook,
        ),
      )
      return allDurable(batch)
    },
    ...bounds,
  })
  const settled = new GroupCommit<Attempt, void>({
    async commit(batch) {
      await settling.run(
        settleAll,
        columns(
          batch,
          ({ deliveryId }) => deliveryId,
          ({ detail }) => detail,
        ),
      )
      return allDurable(batch)
    },
    ...bounds,
  })
  return {
    accept: (events) => accepted.submit(events, 0, "always"),
    settle: (deliveryId, detail) => settled.submit({ deliveryId, detail }, 0, "always"),
  }
}
