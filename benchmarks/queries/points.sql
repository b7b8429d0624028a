-- What the forest scores: two numbers. Any other number would be a dimension too.
SELECT CAST(id AS STRING) AS id, x, y, t
FROM readings
