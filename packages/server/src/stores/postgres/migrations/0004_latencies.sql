-- How long the minute's attempts with a response took, as a histogram (domain/latency-histogram.ts) in JSON; null
-- without any, and for minutes before this column came. Written whole by settling, of which there is one for a webhook
-- at a time, because PostgreSQL adds such things up many times slower than the owner of the shard does.
ALTER TABLE webhook_minutes ADD COLUMN latencies text;
