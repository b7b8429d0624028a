SELECT id, name, amount
FROM readings
