-- The rows of stream DISTRICTS as they are written: times as texts.
SELECT
    `district`,
    `minute_end`,
    `rentals`,
    `longest`,
    `per_dock`
FROM DISTRICTS
