-- The audit log of what is being imported, until its end shows it: the log itself is append-only, and would keep what an
-- import that was cut off has left.
CREATE TABLE moved_audit (
  workspace_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  sequence bigint,
  record text NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
