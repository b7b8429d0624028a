-- One row per row of the input stream RENTALS_001 that counts.
SELECT
    record.`station` AS `station`,
    record.`bike` AS `bike`,
    record.`minutes` AS `minutes`,
    event_time AS `ROWTIME`
FROM parsed
WHERE error_name IS NULL
