-- Every table leads with the workspace's id, so that the whole can be distributed by it (docs/scaling.md). Ids compare
-- by their bytes ("C"): their order is the order of their minting. Records are kept as the JSON text they came as.

CREATE TABLE workspaces (
  workspace_id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  -- Null for one that was deleted.
  record text,
  deleted_ms bigint
);

CREATE TABLE webhooks (
  workspace_id text COLLATE "C" NOT NULL,
  webhook_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  record text NOT NULL,
  -- Derived from the record when it is written, so that a delivery's status can be told in SQL.
  sending boolean NOT NULL,
  deleted boolean NOT NULL,
  PRIMARY KEY (workspace_id, webhook_id)
);

-- What accepting and settling count lies apart, so that neither waits for the other's row lock. What waits is
-- `last_sequence - ended`: every delivery takes one number.
CREATE TABLE webhook_sequences (
  workspace_id text COLLATE "C" NOT NULL,
  webhook_id text COLLATE "C" NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (workspace_id, webhook_id)
) WITH (fillfactor = 50);

CREATE TABLE webhook_health (
  workspace_id text COLLATE "C" NOT NULL,
  webhook_id text COLLATE "C" NOT NULL,
  ended bigint NOT NULL DEFAULT 0,
  -- Rises when a person asks for a retry: the slow poll sees it when the notification was lost.
  wakes bigint NOT NULL DEFAULT 0,
  consecutive_failures bigint NOT NULL DEFAULT 0,
  failing_since_ms bigint,
  last_success_ms bigint,
  PRIMARY KEY (workspace_id, webhook_id)
) WITH (fillfactor = 50);

-- Deliveries by the minute of their creation and attempts by the minute they were made, so that statistics read a row
-- a minute. `side` keeps accepting (0) and settling (1) out of each other's way; a reader adds them up.
CREATE TABLE webhook_minutes (
  workspace_id text COLLATE "C" NOT NULL,
  webhook_id text COLLATE "C" NOT NULL,
  minute bigint NOT NULL,
  side smallint NOT NULL,
  pending bigint NOT NULL DEFAULT 0,
  retrying bigint NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  exhausted bigint NOT NULL DEFAULT 0,
  expired bigint NOT NULL DEFAULT 0,
  cancelled bigint NOT NULL DEFAULT 0,
  succeeded bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, webhook_id, minute, side)
) WITH (fillfactor = 50);

CREATE TABLE api_keys (
  workspace_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  record text NOT NULL,
  last_used_ms bigint,
  PRIMARY KEY (workspace_id, id)
);

CREATE TABLE event_types (
  workspace_id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (workspace_id, name)
);

-- Time partitions, a day each (partitions.ts). `minted_ms` is written in the id, so an id names its partition.
CREATE TABLE events (
  workspace_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  minted_ms bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  accepted_ms bigint NOT NULL,
  delivery_count integer NOT NULL,
  ordering_key text COLLATE "C",
  attributes text NOT NULL,
  metadata text,
  idempotency_key text COLLATE "C",
  body text NOT NULL,
  PRIMARY KEY (workspace_id, id, minted_ms)
) PARTITION BY RANGE (minted_ms);

-- state: 0 fresh (waiting, never attempted, never asked for again), 1 delivered, 2 waiting again, 3 exhausted,
-- 4 expired, 5 cancelled. See states.ts.
CREATE TABLE deliveries (
  workspace_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  minted_ms bigint NOT NULL,
  webhook_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  event_minted_ms bigint NOT NULL,
  event_type text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  state smallint NOT NULL,
  attempts integer NOT NULL,
  attempts_before integer NOT NULL,
  created_ms bigint NOT NULL,
  window_from_ms bigint NOT NULL,
  due_ms bigint,
  ended_ms bigint,
  lane_key text COLLATE "C" NOT NULL,
  because text,
  replay_id text COLLATE "C",
  last_status_code integer,
  last_error_code text,
  PRIMARY KEY (workspace_id, id, minted_ms)
) PARTITION BY RANGE (minted_ms);

-- What waits. A delivery that succeeds at once enters and leaves `deliveries_fresh` alone.
CREATE INDEX deliveries_fresh ON deliveries (workspace_id, webhook_id, sequence) WHERE state = 0;
CREATE INDEX deliveries_again ON deliveries (workspace_id, webhook_id, sequence) WHERE state = 2;
CREATE INDEX deliveries_due ON deliveries (workspace_id, webhook_id, due_ms, sequence) WHERE state = 2;
CREATE INDEX deliveries_keyed ON deliveries (workspace_id, webhook_id, lane_key, sequence)
  WHERE state IN (0, 2);
-- History.
CREATE INDEX deliveries_of_webhook ON deliveries (workspace_id, webhook_id, id);
CREATE INDEX deliveries_of_event ON deliveries (workspace_id, event_id);
CREATE INDEX deliveries_troubled ON deliveries (workspace_id, id) WHERE state >= 2;

-- In the partition of their delivery, whenever they were made: they are read and dropped together. The key makes a
-- settlement that is sent again after a lost connection write its attempt once.
CREATE TABLE attempts (
  workspace_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  minted_ms bigint NOT NULL,
  number integer NOT NULL,
  at_ms bigint NOT NULL,
  duration_ms double precision NOT NULL,
  status_code integer,
  -- The error, the headers of both sides and the response's body: only ever read together.
  detail text NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id, number, at_ms, minted_ms)
) PARTITION BY RANGE (minted_ms);

-- Apart from the events, because no unique index spans partitions without their key.
CREATE TABLE idempotency_keys (
  workspace_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  minted_ms bigint NOT NULL,
  created_ms bigint NOT NULL,
  delivery_count integer NOT NULL,
  PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (minted_ms);

CREATE TABLE replays (
  workspace_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX replays_running ON replays (created_ms, id) WHERE state = 'running';

CREATE TABLE audit (
  workspace_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_by_time ON audit (id);

-- The instance's own, without a workspace: small, and the same on every shard of a distributed database.
CREATE TABLE nodes (
  node_id text COLLATE "C" PRIMARY KEY,
  pid integer NOT NULL,
  backend_start timestamptz NOT NULL,
  beaten_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE config_version (version bigint NOT NULL);
INSERT INTO config_version VALUES (0);
