-- Each row with the price that its name had at its time.
SELECT readings.id, newest.price
FROM readings
LEFT JOIN newest FOR SYSTEM_TIME AS OF readings.t ON readings.name = newest.name
