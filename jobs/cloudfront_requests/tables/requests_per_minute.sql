-- One row per operating system and minute with requests, as JSON on a stream.
CREATE TABLE requests_per_minute (
    OperatingSystem STRING NOT NULL,
    MinuteEnd STRING NOT NULL,
    Requests BIGINT NOT NULL
)
