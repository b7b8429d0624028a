-- The rows of stream BUSIEST, that went to kinesis arn:aws:kinesis:eu-west-1:111122223333:stream/bike-busiest.
CREATE TABLE BUSIEST_OUTPUT (
    `ITEM` VARCHAR(24),
    `ITEM_COUNT` BIGINT,
    `minute_end` STRING
)
