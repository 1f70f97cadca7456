-- Minutes go as their deliveries do: by dropping a day. A delivery is counted in the minute its id was minted in, so its
-- row and its count lie in partitions of the same day.
ALTER TABLE webhook_minutes RENAME TO webhook_minutes_before;
ALTER INDEX webhook_minutes_pkey RENAME TO webhook_minutes_before_pkey;
CREATE TABLE webhook_minutes (
  LIKE webhook_minutes_before INCLUDING DEFAULTS,
  PRIMARY KEY (workspace_id, webhook_id, minute, side)
) PARTITION BY RANGE (minute);

-- For the days that are stored. What is older was of deliveries that are gone.
DO $$
DECLARE
  suffix text;
  day bigint;
BEGIN
  FOR suffix IN SELECT substr(c.relname::text, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'events'::regclass
  LOOP
    day := to_date(suffix, 'YYYYMMDD') - date '1970-01-01';
    EXECUTE format('CREATE TABLE webhook_minutes_%s PARTITION OF webhook_minutes FOR VALUES FROM (%s) TO (%s)
      WITH (fillfactor = 50)', suffix, day * 1440, (day + 1) * 1440);
    EXECUTE format('INSERT INTO webhook_minutes_%s SELECT * FROM webhook_minutes_before WHERE minute >= %s AND minute < %s',
      suffix, day * 1440, (day + 1) * 1440);
  END LOOP;
END $$;
DROP TABLE webhook_minutes_before;

-- Deliveries that lie in another day than their event, which stays for them: replays, and what was minted at midnight.
CREATE INDEX deliveries_of_other_day ON deliveries (event_minted_ms)
  WHERE event_minted_ms / 86400000 <> minted_ms / 86400000;

-- What retention walks: in an order that a later step can go on in.
CREATE INDEX idempotency_keys_in_age ON idempotency_keys (minted_ms, workspace_id, key);
DROP INDEX idempotency_keys_by_age;
CREATE INDEX webhooks_deleted ON webhooks (workspace_id, webhook_id) WHERE deleted;
CREATE INDEX workspaces_deleted ON workspaces (workspace_id) WHERE deleted_ms IS NOT NULL;
CREATE INDEX replays_ended ON replays (updated_ms) WHERE state <> 'running';
