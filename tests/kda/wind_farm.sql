/*
 * A wind farm: 24 pumps.
 * Readings come from the turbines' controllers, a record for each sensor.
 */
CREATE OR REPLACE STREAM "alarms" ("turbineId" VARCHAR(12), "sensor" VARCHAR(32), "value" DOUBLE, "before" DOUBLE);

-- rotor speed: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "rotor_speed_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "rotor_speed_pump" AS INSERT INTO "rotor_speed_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'rotor_speed' AND "value" IS NOT NULL;

CREATE OR REPLACE STREAM "rotor_speed_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "rotorSpeedMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "rotor_speed_minutes_pump" AS INSERT INTO "rotor_speed_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "rotorSpeedMean",
       STEP(r.ROWTIME BY INTERVAL '60' SECOND)
FROM "rotor_speed_readings" AS r
GROUP BY r."turbineId", STEP(r.ROWTIME BY INTERVAL '60' SECOND);

CREATE OR REPLACE PUMP "rotor_speed_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'rotor_speed', "value", AVG("value") OVER W
FROM "rotor_speed_readings"
WHERE "value" NOT BETWEEN -5.5 AND 20
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '5' MINUTE PRECEDING);

-- blade pitch: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "blade_pitch_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "blade_pitch_pump" AS INSERT INTO "blade_pitch_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'blade_pitch' AND NOT ("quality" IN ('BAD', 'UNKNOWN'));

CREATE OR REPLACE STREAM "blade_pitch_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "bladePitchMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "blade_pitch_minutes_pump" AS INSERT INTO "blade_pitch_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "bladePitchMean",
       FLOOR(r.ROWTIME TO MINUTE)
FROM "blade_pitch_readings" r
GROUP BY r."turbineId", FLOOR(r.ROWTIME /* not measuredAt */ TO MINUTE);

CREATE OR REPLACE PUMP "blade_pitch_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'blade_pitch', "value", AVG("value") OVER W
FROM "blade_pitch_readings"
WHERE "value" NOT BETWEEN 5.5 AND 120
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '6' MINUTE PRECEDING);

-- gear oil temperature: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "gear_oil_temperature_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "gear_oil_temperature_pump" AS INSERT INTO "gear_oil_temperature_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'gear_oil_temperature' AND "value" IS NOT NULL;

CREATE OR REPLACE STREAM "gear_oil_temperature_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "gearOilTemperatureMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "gear_oil_temperature_minutes_pump" AS INSERT INTO "gear_oil_temperature_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "gearOilTemperatureMean",
       MIN(r."measuredAt")
FROM "gear_oil_temperature_readings" AS r
GROUP BY r."turbineId", FLOOR((r.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') SECOND / 60 TO SECOND);

CREATE OR REPLACE PUMP "gear_oil_temperature_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'gear_oil_temperature', "value", AVG("value") OVER W
FROM "gear_oil_temperature_readings"
WHERE "value" NOT BETWEEN 15.5 AND 220
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '7' MINUTE PRECEDING);

-- generator temperature: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "generator_temperature_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "generator_temperature_pump" AS INSERT INTO "generator_temperature_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'generator_temperature' AND NOT ("quality" IN ('BAD', 'UNKNOWN'));

CREATE OR REPLACE STREAM "generator_temperature_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "generatorTemperatureMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "generator_temperature_minutes_pump" AS INSERT INTO "generator_temperature_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "generatorTemperatureMean",
       STEP(r.ROWTIME BY INTERVAL '60' SECOND)
FROM "generator_temperature_readings" AS r
GROUP BY r."turbineId", STEP(r.ROWTIME BY INTERVAL '60' SECOND);

CREATE OR REPLACE PUMP "generator_temperature_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'generator_temperature', "value", LAG("value", 1, 0.0) OVER W
FROM "generator_temperature_readings"
WHERE "value" NOT BETWEEN 25.5 AND 320
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '8' MINUTE PRECEDING);

-- nacelle vibration: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "nacelle_vibration_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "nacelle_vibration_pump" AS INSERT INTO "nacelle_vibration_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'nacelle_vibration' AND "value" IS NOT NULL;

CREATE OR REPLACE STREAM "nacelle_vibration_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "nacelleVibrationMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "nacelle_vibration_minutes_pump" AS INSERT INTO "nacelle_vibration_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "nacelleVibrationMean",
       FLOOR(r.ROWTIME TO MINUTE)
FROM "nacelle_vibration_readings" r
GROUP BY r."turbineId", FLOOR(r.ROWTIME /* not measuredAt */ TO MINUTE);

CREATE OR REPLACE PUMP "nacelle_vibration_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'nacelle_vibration', "value", AVG("value") OVER W
FROM "nacelle_vibration_readings"
WHERE "value" NOT BETWEEN 35.5 AND 420
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '9' MINUTE PRECEDING);

-- wind speed: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "wind_speed_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "wind_speed_pump" AS INSERT INTO "wind_speed_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'wind_speed' AND NOT ("quality" IN ('BAD', 'UNKNOWN'));

CREATE OR REPLACE STREAM "wind_speed_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "windSpeedMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "wind_speed_minutes_pump" AS INSERT INTO "wind_speed_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "windSpeedMean",
       MIN(r."measuredAt")
FROM "wind_speed_readings" AS r
GROUP BY r."turbineId", FLOOR((r.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') SECOND / 60 TO SECOND);

CREATE OR REPLACE PUMP "wind_speed_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'wind_speed', "value", AVG("value") OVER W
FROM "wind_speed_readings"
WHERE "value" NOT BETWEEN 45.5 AND 520
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '10' MINUTE PRECEDING);

-- yaw error: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "yaw_error_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "yaw_error_pump" AS INSERT INTO "yaw_error_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'yaw_error' AND "value" IS NOT NULL;

CREATE OR REPLACE STREAM "yaw_error_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "yawErrorMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "yaw_error_minutes_pump" AS INSERT INTO "yaw_error_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "yawErrorMean",
       STEP(r.ROWTIME BY INTERVAL '60' SECOND)
FROM "yaw_error_readings" AS r
GROUP BY r."turbineId", STEP(r.ROWTIME BY INTERVAL '60' SECOND);

CREATE OR REPLACE PUMP "yaw_error_alarm_pump" AS INSERT INTO "alarms" ("turbineId", "sensor", "value", "before")
SELECT STREAM "turbineId", 'yaw_error', "value", AVG("value") OVER W
FROM "yaw_error_readings"
WHERE "value" NOT BETWEEN 55.5 AND 620
WINDOW W AS (PARTITION BY "turbineId" RANGE INTERVAL '11' MINUTE PRECEDING);

-- output power: one stream for its readings, one for its minutes, one for what is out of bounds
CREATE OR REPLACE STREAM "output_power_readings" ("turbineId" VARCHAR(12), "value" DOUBLE, "measuredAt" TIMESTAMP);
CREATE OR REPLACE PUMP "output_power_pump" AS INSERT INTO "output_power_readings"
SELECT STREAM "turbineId", "value", "measuredAt" -- as it comes
FROM "SOURCE_SQL_STREAM_001" WHERE "sensor" = 'output_power' AND NOT ("quality" IN ('BAD', 'UNKNOWN'));

CREATE OR REPLACE STREAM "output_power_minutes" ("turbineId" VARCHAR(12), "least" DOUBLE, "most" DOUBLE, "outputPowerMean" DOUBLE,
    "minute" TIMESTAMP);
CREATE OR REPLACE PUMP "output_power_minutes_pump" AS INSERT INTO "output_power_minutes"
SELECT STREAM r."turbineId", MIN(r."value"), MAX(r."value"), AVG(r."value") AS "outputPowerMean",
       FLOOR(r.ROWTIME TO MINUTE)
FROM "output_power_readings" r
GROUP BY r."turbineId", FLOOR(r.ROWTIME /* not measuredAt */ TO MINUTE);

-- All alarms of a quarter of an hour; the farm's own name is not in the records.
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" ("turbineId" VARCHAR(12), alarms INTEGER, "text" VARCHAR(64));
CREATE OR REPLACE PUMP "DESTINATION_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM a."turbineId", COUNT(*), 'farm ' || TRIM(BOTH ' ' FROM MAX(a."sensor")) || ': ' || CAST(COUNT(*) AS VARCHAR(8))
FROM "alarms" AS a
GROUP BY a."turbineId", STEP(a.ROWTIME BY INTERVAL '15' MINUTE)
HAVING COUNT(*) >= 2;
-- the end
