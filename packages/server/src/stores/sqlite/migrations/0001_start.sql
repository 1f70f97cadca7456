-- Workspaces and webhooks are referred to by small numbers: their ids would be repeated in every row and index.
-- A row without a record stands for an id that was used before it was configured.
CREATE TABLE workspaces (
  num INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL DEFAULT 0,
  record TEXT,
  deleted_ms INTEGER
);

CREATE TABLE webhooks (
  num INTEGER PRIMARY KEY,
  workspace INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 0,
  record TEXT,
  -- Derived from the record when it is written, so that a delivery's status can be told in SQL.
  sending INTEGER NOT NULL DEFAULT 1,
  deleted INTEGER NOT NULL DEFAULT 0,
  UNIQUE (workspace, id)
);

-- Apart from the webhook's record, because they change with nearly every commit and the record does not.
CREATE TABLE webhook_counters (
  webhook INTEGER PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  consecutive_failures INTEGER NOT NULL,
  failing_since_ms INTEGER,
  last_success_ms INTEGER
);

-- Deliveries by the minute of their creation and attempts by the minute they were made, so that statistics read a
-- row a minute, never a row a delivery.
CREATE TABLE webhook_minutes (
  webhook INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  retrying INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  exhausted INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  PRIMARY KEY (webhook, minute)
) WITHOUT ROWID;

CREATE TABLE api_keys (
  workspace INTEGER NOT NULL,
  id TEXT NOT NULL,
  record TEXT NOT NULL,
  last_used_ms INTEGER,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

CREATE TABLE event_types (
  workspace INTEGER NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (workspace, name)
) WITHOUT ROWID;

-- The body comes last: reading the columns before it touches none of its overflow pages.
CREATE TABLE events (
  num INTEGER PRIMARY KEY,
  workspace INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  accepted_ms INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL,
  ordering_key TEXT,
  attributes TEXT NOT NULL,
  metadata TEXT,
  idempotency_key TEXT,
  fingerprint TEXT,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX events_by_id ON events (workspace, id);
CREATE UNIQUE INDEX events_by_idempotency_key ON events (workspace, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- state: 0 fresh (waiting, never attempted, never asked for again), 1 delivered, 2 waiting again, 3 exhausted,
-- 4 expired, 5 cancelled. See states.ts.
CREATE TABLE deliveries (
  workspace INTEGER NOT NULL,
  id TEXT NOT NULL,
  webhook INTEGER NOT NULL,
  event INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  attempts_before INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  window_from_ms INTEGER NOT NULL,
  due_ms INTEGER,
  ended_ms INTEGER,
  lane_key TEXT NOT NULL,
  because TEXT,
  replay_id TEXT,
  last_status_code INTEGER,
  last_error_code TEXT,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

-- What waits. A delivery that succeeds at once enters and leaves `deliveries_fresh` alone; all the others are paid
-- for only by retries, by lane keys and by trouble.
CREATE INDEX deliveries_fresh ON deliveries (webhook, sequence) WHERE state = 0;
CREATE INDEX deliveries_again ON deliveries (webhook, sequence) WHERE state = 2;
CREATE INDEX deliveries_due ON deliveries (webhook, due_ms, sequence) WHERE state = 2;
CREATE INDEX deliveries_keyed ON deliveries (webhook, lane_key, sequence) WHERE state IN (0, 2);

-- History.
CREATE INDEX deliveries_of_webhook ON deliveries (webhook, id);
CREATE INDEX deliveries_of_event ON deliveries (event);
CREATE INDEX deliveries_troubled ON deliveries (workspace, id) WHERE state >= 2;

CREATE TABLE attempts (
  num INTEGER PRIMARY KEY,
  workspace INTEGER NOT NULL,
  delivery TEXT NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  status_code INTEGER,
  -- The error, the headers of both sides and the response's body, as JSON: they are only ever read together.
  detail TEXT NOT NULL
);
CREATE INDEX attempts_of_delivery ON attempts (workspace, delivery);

CREATE TABLE replays (
  workspace INTEGER NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE INDEX replays_running ON replays (created_ms, id) WHERE state = 'running';

-- By the workspace's id, not its number: the log outlives the workspace.
CREATE TABLE audit (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_of_workspace ON audit (workspace_id, id);

-- Written by each readiness check: only a write tells whether the disk takes one.
CREATE TABLE readiness (checks INTEGER NOT NULL);
INSERT INTO readiness VALUES (0);
