-- One row per different line of an archive that is a reading: what `timed` is in a backfill, where nothing is late.
-- Firehose delivers at least once and keeps no sequence numbers, so an archive may hold a record twice and not say so.
-- Equal lines are one reading here: a reading has a time to the millisecond and a position, and no unicorn sends two
-- alike. Only a batch can look for them in the whole archive; in a stream this DISTINCT would need all lines as state.
SELECT DISTINCT
    line,
    StatusTime,
    reading,
    shard_watermark
FROM archived_each
