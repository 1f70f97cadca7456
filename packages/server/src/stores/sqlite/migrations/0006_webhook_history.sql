-- What the index deliveries_of_webhook told, as a table that is filled in bulk. As an index it was half of what a commit
-- wrote: a page for each webhook that the commit touched. See webhook-history.ts.
CREATE TABLE webhook_history (
  webhook INTEGER NOT NULL,
  delivery TEXT NOT NULL,
  workspace INTEGER NOT NULL,
  PRIMARY KEY (webhook, delivery)
) WITHOUT ROWID;
INSERT INTO webhook_history SELECT webhook, id, workspace FROM deliveries ORDER BY webhook, id;
DROP INDEX deliveries_of_webhook;

CREATE TRIGGER deliveries_leave_history AFTER DELETE ON deliveries
  BEGIN DELETE FROM webhook_history WHERE webhook = OLD.webhook AND delivery = OLD.id; END;

-- The first event whose deliveries may not be in the history yet: null when all are.
CREATE TABLE webhook_history_due (from_event INTEGER);
INSERT INTO webhook_history_due VALUES (NULL);
