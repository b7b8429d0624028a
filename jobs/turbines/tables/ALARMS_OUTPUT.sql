-- The rows of stream ALARMS, that went to kinesis arn:aws:kinesis:eu-west-1:111122223333:stream/turbine-alarms.
CREATE TABLE ALARMS_OUTPUT (
    `turbine` VARCHAR(8),
    `site` VARCHAR(16),
    `mean` DOUBLE,
    `level` VARCHAR(8),
    `seen` STRING
)
