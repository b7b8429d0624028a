-- One row per point: the field it is in, and where.
SELECT
    event_time,
    JSON_VALUE(CAST(line AS STRING), '$.number' RETURNING INTEGER) AS `number`,
    JSON_VALUE(CAST(line AS STRING), '$.field') AS field,
    JSON_VALUE(CAST(line AS STRING), '$.x' RETURNING DOUBLE) AS x,
    JSON_VALUE(CAST(line AS STRING), '$.y' RETURNING DOUBLE) AS y
FROM points
