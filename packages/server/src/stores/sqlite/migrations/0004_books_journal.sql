-- What commits have changed in webhook_counters and webhook_minutes and is not written there yet: a row a commit, in
-- place of a row or two for each webhook that the commit touched. See books.ts.
CREATE TABLE books_journal (
  num INTEGER PRIMARY KEY,
  -- books/journal.ts
  entries TEXT NOT NULL
);
