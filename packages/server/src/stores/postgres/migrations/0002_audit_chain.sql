-- Each record of the audit log names the hash of the one before it in its workspace (domain/audit-chain.ts). Records
-- written before have no place in a chain: their sequence is null.
ALTER TABLE audit ADD COLUMN sequence bigint;
CREATE UNIQUE INDEX audit_chain ON audit (workspace_id, sequence);

-- Apart from the records, so that it shows when the last of them are missing; and the row that those who append to the
-- same chain wait for.
CREATE TABLE audit_heads (
  workspace_id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL,
  hash text NOT NULL
) WITH (fillfactor = 50);

-- Whatever a later version of this program does by mistake.
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
