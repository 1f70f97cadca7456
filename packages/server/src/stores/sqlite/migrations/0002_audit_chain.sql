-- Each record of the audit log names the hash of the one before it in its workspace (domain/audit-chain.ts). Records
-- written before have no place in a chain: their sequence is null.
ALTER TABLE audit ADD COLUMN sequence INTEGER;
CREATE UNIQUE INDEX audit_chain ON audit (workspace_id, sequence) WHERE sequence IS NOT NULL;

-- Apart from the records, so that it shows when the last of them are missing.
CREATE TABLE audit_heads (
  workspace_id TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL
) WITHOUT ROWID;

-- Whatever a later version of this program does by mistake.
CREATE TRIGGER audit_is_not_altered BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
