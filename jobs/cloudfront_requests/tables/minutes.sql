-- One item per operating system and minute with requests, in the table that people query.
CREATE TABLE minutes (
    OperatingSystem STRING NOT NULL,
    MinuteEnd STRING NOT NULL,
    Requests BIGINT NOT NULL
)
