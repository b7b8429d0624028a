-- Each row as it is: what the reading alone costs.
SELECT id, name, amount
FROM readings
