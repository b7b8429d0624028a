-- One row per reading: the patient, and the numbers.
SELECT
    event_time,
    JSON_VALUE(CAST(line AS STRING), '$.number') AS `number`,
    JSON_VALUE(CAST(line AS STRING), '$.name') AS name,
    JSON_VALUE(CAST(line AS STRING), '$.rate' RETURNING INTEGER) AS rate,
    JSON_VALUE(CAST(line AS STRING), '$.pressure' RETURNING DOUBLE) AS pressure
FROM pulses
