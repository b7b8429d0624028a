-- One row per point. Event time is its own.
CREATE TABLE points ( -- noqa: PRS
    line BYTES,
    event_time AS TO_TIMESTAMP(JSON_VALUE(CAST(line AS STRING), '$.time')),
    WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
)
