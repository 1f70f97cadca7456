-- The trace in which an event was published (domain/trace-context.ts); null without one.
ALTER TABLE events ADD COLUMN trace TEXT;
