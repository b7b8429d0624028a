-- One row per different line of an archive that counts: what `timed` is in a backfill, where nothing is late.
-- Firehose delivers at least once and keeps no sequence numbers, so an archive may hold a record twice and not say so.
-- Equal lines are one record here: records that have a time to the millisecond and a key are hardly ever alike.
-- Only a batch can look for them in the whole archive; in a stream this DISTINCT would need all lines as state.
SELECT DISTINCT
    line,
    event_time,
    record,
    shard_watermark
FROM archived_each
