-- Rentals, minutes and rentals per dock of each district, every minute, without those that nobody knows.
SELECT
    `district`,
    `minute_end`,
    `rentals`,
    `longest`,
    `per_dock`,
    `ROWTIME`
FROM DISTRICTS_tried
WHERE `failure` IS NULL
