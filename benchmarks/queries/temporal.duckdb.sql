SELECT readings.id, prices.price
FROM readings
ASOF LEFT JOIN prices ON readings.name = prices.name AND readings.t >= prices.t
