-- The audit log of what is being imported, until its end shows it: the log itself is append-only, and would keep what an
-- import that was cut off has left.
CREATE TABLE moved_audit (
  workspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  sequence INTEGER,
  record TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
