-- How long the minute's attempts with a response took, as a histogram (domain/latency-histogram.ts) in JSON; null
-- without any, and for minutes before this column came.
ALTER TABLE webhook_minutes ADD COLUMN latencies TEXT;
